"""API keys of the simulator and their signatures. The keys are valid only for this program."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from live.simulator.core.rejections import UNAUTHORIZED, Rejection

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_SIGNATURE = re.compile(r"(?:^|&)signature=[^&]*")


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key with the secret or Ed25519 public key (PEM) that verifies its signatures."""

    account: str
    api_key: str
    secret: str = ""
    ed25519_public_key: str = ""

    def signed(self, payload: str, signature: str) -> bool:
        """True if `signature` is valid for `payload`."""
        if self.ed25519_public_key:
            return self._signed_by_key(payload, signature)
        expected = hmac.new(self.secret.encode(), _bytes(payload), hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), _bytes(signature.lower()))

    def _signed_by_key(self, payload: str, signature: str) -> bool:
        from cryptography.exceptions import InvalidSignature

        key = _public_key(self.ed25519_public_key)
        try:
            key.verify(base64.b64decode(_bytes(signature), validate=True), _bytes(payload))
        except (InvalidSignature, ValueError):
            return False
        return True


@lru_cache(maxsize=16)
def _public_key(pem: str) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("not an Ed25519 key")
    return key


def check_public_key(pem: str) -> str:
    """What is wrong with the text of a public key, without a word of it; empty if it is an Ed25519 key in PEM."""
    from cryptography.exceptions import UnsupportedAlgorithm

    if "PRIVATE KEY" in pem:
        return "holds a private key, which the exchange must not have; give the public one"
    try:
        _public_key(pem)
    except TypeError:
        return "holds a key of another kind, not Ed25519"
    except (ValueError, UnsupportedAlgorithm):
        return "is not a public key in PEM"
    return ""


class KeyRing:
    """All credentials."""

    def __init__(self, credentials: list[Credential]) -> None:
        self._by_key = {credential.api_key: credential for credential in credentials}

    @property
    def accounts(self) -> list[str]:
        """The accounts that have an API key."""
        return [credential.account for credential in self._by_key.values()]

    def find(self, api_key: str) -> Credential:
        """The credential of a key.

        Raises:
            Rejection: -2014 if no key was sent, -2015 if it is unknown.
        """
        if not api_key:
            raise Rejection(-2014, "API-key format invalid.", UNAUTHORIZED)
        if api_key not in self._by_key:
            raise Rejection(-2015, "Invalid API-key, IP, or permissions for action.", UNAUTHORIZED)
        return self._by_key[api_key]


def _bytes(text: str) -> bytes:
    """UTF-8 of any text a client can send: JSON may hold half of a surrogate pair, which no signature covers."""
    return text.encode("utf-8", "surrogatepass")


def signed_text(query: str, body: str) -> str:
    """The text a REST signature covers: query and body joined, without the signature."""
    return _SIGNATURE.sub("", query) + _SIGNATURE.sub("", body)


def check_signature(credential: Credential, payload: str, signature: str) -> None:
    """Check the signature of `payload`.

    Raises:
        Rejection: -1102 if it is missing, -1022 if it is invalid.
    """
    if not signature:
        raise Rejection(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
    if not credential.signed(payload, signature):
        raise Rejection(-1022, "Signature for this request is not valid.")
