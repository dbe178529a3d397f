"""API keys from the environment: never from an argument, which the list of processes shows.

A key is signed for with its secret (HMAC) or with an Ed25519 private key, whose PEM file the environment names.
"""

import os
import stat
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from live.binance.signing import Ed25519Signer, Signer
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.sockets.endpoints import TradingVenue
from skills_lib.domain.errors import InputError

OWNER_ONLY: Final = 0o600
"""The widest mode of a file with a private key."""
MAX_FILE_BYTES: Final = 16 << 10


class KeyHolder(StrEnum):
    """Who signs: the first part of the names of its environment variables."""

    DAEMON = "TWOKEY"
    WATCHDOG = "TWOKEY_WATCHDOG"
    READER = "TWOKEY_READER"


def signer_of(venue: TradingVenue, environment: Mapping[str, str], holder: KeyHolder = KeyHolder.DAEMON) -> Signer:
    """The signer of a holder's key. The simulator's default key signs where none is set: it is valid nowhere else.

    Raises:
        InputError: a part of the key is missing, or given twice; or its file cannot be used.
    """
    names = f"{holder}_API_KEY", f"{holder}_API_SECRET", f"{holder}_PRIVATE_KEY_FILE"
    key, secret, file = (environment.get(name, "").strip() for name in names)
    if not (key or secret or file) and venue is TradingVenue.SIMULATOR:
        return Signer(DEFAULT_KEY, DEFAULT_SECRET)
    if secret and file:
        raise InputError(f"{names[1]} and {names[2]} are both set. Keep the one that belongs to the API key.")
    if not key or not (secret or file):
        needed = [] if key else [names[0]]
        needed += [] if secret or file else [f"{names[1]} (or {names[2]})"]
        missing = " and ".join(needed)
        raise InputError(f"No {missing} in the environment. Set the key of the account that is traded on {venue}.")
    return Ed25519Signer(key, private_key(names[2], file)) if file else Signer(key, secret)


def private_key(name: str, file: str) -> bytes:
    """The content of a file with a private key, which only its owner can read. name: of the variable that names it.

    Raises:
        InputError: it cannot be read, is no regular file, is too long, or others may read it. No message holds its
            content, nor its path: somebody may have set the variable to the key itself.
    """
    try:
        descriptor = os.open(Path(file).expanduser(), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError, RuntimeError) as error:  # the last: the home of nobody
        why = getattr(error, "strerror", None) or "it is no path"
        raise InputError(
            f"The file that {name} names cannot be read: {why}. Set it to the path of a PEM file."
        ) from None
    with os.fdopen(descriptor, "rb") as opened:
        _require_private(name, os.fstat(descriptor))
        return opened.read(MAX_FILE_BYTES)


def _require_private(name: str, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_FILE_BYTES:
        raise InputError(f"What {name} names is no PEM file of a private key. Set it to the path of one.")
    mode = stat.S_IMODE(found.st_mode)
    if os.name == "posix" and mode & ~OWNER_ONLY:
        raise InputError(
            f"The private key that {name} names has mode {mode:04o}; 0600 is the widest that is allowed. "
            f'Run: chmod 600 "${name}"'
        )
