"""Signs requests with HMAC-SHA256 or Ed25519: page "General Info", SIGNED endpoint security.

A signature of REST covers the parameters in their order, as they are encoded; one of the WebSocket API covers them
sorted by name, as they are (page "WebSocket API General Info", SIGNED request security).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from skills_lib.domain.errors import InputError

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
"""Values that are their own encoding (RFC 3986, unreserved characters)."""


class Signer:
    """Signs parameters with an API secret, by HMAC-SHA256. Neither its text nor its attributes show the secret.

    logs_on: whether a connection of the WebSocket API can be signed once for all its requests.
    """

    __slots__ = ("_sign", "api_key")
    logs_on = False

    def __init__(self, api_key: str, secret: str) -> None:
        self.api_key = api_key
        self._sign = _hmac_of(secret.encode())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def signed(self, parameters: Mapping[str, str]) -> str:
        """The parameters in their order as URL-encoded text, their signature last."""
        payload = _encoded(parameters)
        signature = self._sign(payload.encode())
        return f"{payload}&signature={signature if _PLAIN.fullmatch(signature) else quote(signature, safe='')}"

    def signed_by_name(self, parameters: Mapping[str, str | int]) -> dict[str, str | int]:
        """The parameters of a request of the WebSocket API with the name of the key and their signature."""
        named = {**parameters, "apiKey": self.api_key}
        payload = "&".join(f"{name}={named[name]}" for name in sorted(named))
        return {**named, "signature": self._sign(payload.encode())}


class Ed25519Signer(Signer):
    """Signs with the private key of a PEM file. Needs the extra `live`.

    Raises:
        InputError: it is no unencrypted Ed25519 private key; the message holds nothing of it.
    """

    __slots__ = ()
    logs_on = True

    def __init__(self, api_key: str, pem: bytes) -> None:
        self.api_key = api_key
        self._sign = _ed25519_of(pem)


def _encoded(parameters: Mapping[str, str]) -> str:
    """As `urlencode`, which takes ten times as long where nothing needs an escape, as in every order."""
    if _PLAIN.fullmatch("".join(parameters.values())):
        return "&".join([f"{name}={value}" for name, value in parameters.items()])
    return urlencode(parameters)


def _hmac_of(secret: bytes) -> Callable[[bytes], str]:
    template = hmac.new(secret, digestmod=hashlib.sha256)

    def sign(payload: bytes) -> str:
        digest = template.copy()
        digest.update(payload)
        return digest.hexdigest()

    return sign


def _ed25519_of(pem: bytes) -> Callable[[bytes], str]:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise InputError("An Ed25519 key needs cryptography. Run: pip install 'twokey[live]'") from None
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(
            "The key file holds no unencrypted Ed25519 private key in PEM. "
            "Make one with `openssl genpkey -algorithm ed25519`, and give Binance its public key."
        )
    return lambda payload: base64.b64encode(key.sign(payload)).decode()
