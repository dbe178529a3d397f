"""The bearer token of a server on HTTP: from a file or the environment, or made and printed once; never an option.

Options of a process can be read by every user of the machine, its environment by the same user only.
"""

import os
import re
import secrets
import stat
import sys
from pathlib import Path

from skills_lib.domain.errors import InputError

VARIABLE = "TWOKEY_MCP_TOKEN"
MIN_LENGTH = 24

_BYTES = 32
_FORM = re.compile(rf"[A-Za-z0-9._~+/=-]{{{MIN_LENGTH},512}}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def find_token(file: Path | None, may_be_made: bool) -> str:
    """The token in `file`, else of the environment, else a new one, which is printed to standard error.

    The variable is removed from the environment, so that processes started from here do not inherit it.

    Raises:
        InputError: a file that others can read, a token that is too short, or none although it may not be made.
    """
    given = os.environ.pop(VARIABLE, None)
    if file is not None:
        return _checked(_read(file), f"The token in {file.name}")
    if given is not None:
        return _checked(given, VARIABLE)
    if not may_be_made:
        raise InputError(f"An address that others can reach needs a token of yours: {VARIABLE}, or --token-file FILE.")
    made = secrets.token_urlsafe(_BYTES)
    sys.stderr.write(f"Token of this start, shown once: {made}\n")
    return made


def is_token(presented: str, token: str) -> bool:
    """Whether `presented` is the token; takes equally long for every wrong one."""
    return secrets.compare_digest(presented.encode(), token.encode())


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            found = os.fstat(opened.fileno())
            _refuse_shared(file, found)
            return opened.read(1_000).decode("ascii", errors="replace").strip()
    except OSError as error:
        raise InputError(f"Cannot read the token file {file.name}: {error.strerror}. Give another one.") from None


def _refuse_shared(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"The token file {file.name} is not a file. Give one that holds the token alone.")
    if os.name == "posix" and (found.st_mode & _OTHERS or found.st_uid != os.geteuid()):
        raise InputError(f"Others may read the token file {file.name}. Make it yours alone: chmod 600.")


def _checked(token: str, name: str) -> str:
    if not _FORM.fullmatch(token):
        raise InputError(
            f"{name} is no token: at least {MIN_LENGTH} letters, digits or ._~+/=- are needed. "
            "Make one with `openssl rand -hex 32`."
        )
    return token
