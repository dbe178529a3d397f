"""Signatures of both kinds of key as the exchange checks them, and what is refused without a word of its content."""

import traceback
from urllib.parse import parse_qs, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from live.binance.signing import Ed25519Signer, Signer
from live.simulator.http.credentials import Credential, signed_text
from live.simulator.http.endpoints.params import json_params
from live.simulator.http.websocket_api import check_sorted_signature
from skills_lib.domain.errors import InputError

KEY = Ed25519PrivateKey.generate()
SECRET = "a-long-secret"


def pem(encryption: KeySerializationEncryption | None = None) -> bytes:
    """The private key as a file holds it."""
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PAIRS = [
    (Signer("mine", SECRET), Credential("a", "mine", SECRET)),
    (Ed25519Signer("mine", pem()), Credential("a", "mine", ed25519_public_key=PUBLIC.decode())),
]
Parameters = st.dictionaries(st.text("abcXYZ", min_size=1), st.text(min_size=1, max_size=8), max_size=5)


@pytest.mark.parametrize(("signer", "credential"), PAIRS)
@given(Parameters)
def test_the_exchange_accepts_a_signed_query(
    signer: Signer, credential: Credential, parameters: dict[str, str]
) -> None:
    query = signer.signed(parameters)
    payload, _, signature = query.rpartition("signature=")
    assert credential.signed(signed_text(query, ""), parse_qs(f"signature={signature}")["signature"][0])
    assert payload.rstrip("&") == signed_text(query, "")


@given(st.dictionaries(st.sampled_from(["symbol", "price", "newClientOrderId"]), st.text("aZ0._-~ +&=%é", max_size=6)))
def test_what_is_signed_is_what_urlencode_writes(parameters: dict[str, str]) -> None:
    assert Signer("k", "s").signed(parameters).rpartition("&signature=")[0] == urlencode(parameters)


@pytest.mark.parametrize(("signer", "credential"), PAIRS)
@given(Parameters)
def test_the_exchange_accepts_a_signed_call(signer: Signer, credential: Credential, parameters: dict[str, str]) -> None:
    check_sorted_signature(credential, json_params(signer.signed_by_name(parameters)))


@pytest.mark.parametrize("signer", [signer for signer, _ in PAIRS])
def test_no_text_of_a_signer_shows_its_key(signer: Signer) -> None:
    shown = f"{signer!r} {signer} {[getattr(signer, name) for name in Signer.__slots__]}"
    assert SECRET not in shown
    assert pem().splitlines()[1].decode() not in shown


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a-long-secret",
        PUBLIC,
        pem(BestAvailableEncryption(b"word")),
        pem()[:-40],
        generate_private_key(65_537, 2_048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ],
    ids=["empty", "text", "public", "encrypted", "cut", "rsa"],
)
def test_a_file_that_is_no_ed25519_private_key_is_refused_unseen(content: bytes) -> None:
    with pytest.raises(InputError, match="no unencrypted Ed25519 private key in PEM") as found:
        Ed25519Signer("mine", content)
    shown = "".join(traceback.format_exception(found.value))
    assert not any(line and line in shown for line in content.decode().splitlines())
