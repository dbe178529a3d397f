"""Signs requests with HMAC-SHA256: page "General Info", SIGNED endpoint security."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode


class Signer:
    """Signs parameters with an API secret, which neither its text nor its attributes show."""

    __slots__ = ("_sign", "api_key")

    def __init__(self, api_key: str, secret: str) -> None:
        self.api_key = api_key
        template = hmac.new(secret.encode(), digestmod=hashlib.sha256)

        def sign(payload: str) -> str:
            digest = template.copy()
            digest.update(payload.encode())
            return digest.hexdigest()

        self._sign = sign

    def __repr__(self) -> str:
        return "Signer()"

    def signed(self, parameters: Mapping[str, str]) -> str:
        """The parameters in their order as URL-encoded text, their signature last."""
        payload = urlencode(parameters)
        return f"{payload}&signature={self._sign(payload)}"
