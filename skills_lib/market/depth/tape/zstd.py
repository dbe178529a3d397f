"""Imports zstandard, which the extra `live` installs."""

from typing import Any

from skills_lib.domain.errors import InputError


def import_zstandard() -> Any:
    """The module `zstandard`.

    Raises:
        InputError: it is not installed.
    """
    try:
        import zstandard
    except ImportError as error:
        raise InputError("Reading and writing .zst needs zstandard. Run: pip install 'twokey[live]'") from error
    return zstandard
