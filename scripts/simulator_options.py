"""Options that the verbs around the local exchange and the engine share, and how their texts are read."""

import math
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skills_lib.domain.errors import InputError

if TYPE_CHECKING:
    from ssl import SSLContext

    from live.simulator.http.credentials import Credential
    from live.simulator.latency import Distribution

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MAX_PEM_BYTES = 10_000


class Fills(StrEnum):
    """The fill models."""

    PESSIMISTIC = "pessimistic"
    BASE = "base"
    OPTIMISTIC = "optimistic"


Latency = Annotated[str, typer.Option(help="assumed, none, or a JSON file with measured one-way delays in ns.")]
EngineParam = Annotated[list[str] | None, typer.Option(help="NAME=VALUE of the strategy, such as depth=5; repeatable.")]
Limit = Annotated[
    list[str] | None, typer.Option(help="NAME=VALUE that tightens a limit, such as daily_loss=200; repeatable.")
]
LimitsFile = Annotated[
    Path | None,
    typer.Option(help="TOML file with a table [limits] that tightens limits; --limit tightens further."),
]


def delays_of(text: str) -> "Distribution":
    """The one-way delays that `--latency` names: assumed, none, or a file of measured ones.

    Raises:
        InputError: the file is no list of delays.
    """
    from live.simulator.latency import ASSUMED, NONE, read_delays

    return {"assumed": ASSUMED, "none": NONE}.get(text) or read_delays(Path(text))


def speed_of(text: str) -> float:
    """The multiple of real time that `--speed` names; 0 for max.

    Raises:
        InputError: neither max nor a positive number.
    """
    if text == "max":
        return 0.0
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not 0 < value < math.inf:
        raise InputError(f"--speed {text[:40]} is not allowed. Give a number above 0, such as 0.5, 10 or 250, or max.")
    return value


def credential_of(api_key: str, api_secret: str, public_key: Path | None) -> "Credential":
    """The account's key: signed with the secret, or with the Ed25519 key whose public part is in a file.

    Raises:
        InputError: the file is no Ed25519 public key in PEM. Its content is never shown.
    """
    from live.simulator.http.credentials import Credential, check_public_key

    if public_key is None:
        return Credential("paper", api_key, api_secret)
    try:
        with public_key.open("rb") as file:
            text = file.read(_MAX_PEM_BYTES).decode()
    except OSError as error:
        raise InputError(f"--api-public-key {public_key}: {error.strerror}. Give a PEM file.") from None
    except UnicodeDecodeError:
        raise InputError(f"--api-public-key {public_key} is not text. Give a PEM file.") from None
    problem = check_public_key(text)
    if problem:
        raise InputError(
            f"--api-public-key {public_key} {problem}. Write it with openssl pkey -in KEY.pem -pubout -out FILE.pem."
        )
    return Credential("paper", api_key, ed25519_public_key=text)


def tls_context(certificate: Path | None, key: Path | None) -> "SSLContext | None":
    """What serves TLS with a certificate and its private key; None if neither is given.

    Raises:
        InputError: one of them is missing, or they are no pair of PEM files. Their content is never shown.
    """
    import ssl

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise InputError("--tls-cert and --tls-key go together. Give both, or neither.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        no_pair = isinstance(error, ssl.SSLError)
        reason = "they are no pair" if no_pair else getattr(error, "strerror", None) or "they are encrypted"
        message = f"--tls-cert and --tls-key cannot be used: {reason}. Give two PEM files that belong together."
        raise InputError(message) from None
    return context


def _no_password() -> str:
    """An encrypted key is refused rather than asked for at the terminal."""
    return ""
