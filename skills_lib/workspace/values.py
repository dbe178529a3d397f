"""What the environment, `.env` and `twokey.toml` say: one value for each name, with the place that it was read from.

The environment is stronger than `.env`, which is stronger than `twokey.toml`. Both files are those of the workspace; no
file of another folder is read.
"""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.workspace.location import HOME_VARIABLE, MARKER

PREFIX = "TWOKEY_"
ENVIRONMENT = "environment"
FOREIGN = frozenset({"TWOKEY_LOG", "TWOKEY_PYTHON", "TWOKEY_STORE_KEY", "TWOKEY_STORE_TOKEN"})
"""Variables of the same prefix that no file can set: how much is logged, the interpreter in `.mcp.json`, secrets."""
PRIVATE = frozenset({"ledger_dir", "up_token"})
"""Settings that `twokey.toml`, which travels with a workspace, cannot change."""
_POSITION = re.compile(r"line \d+, column \d+")


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was given. `place`: the file, or "environment"; `name`: its name there."""

    value: object
    place: str
    name: str

    @property
    def where(self) -> str:
        """As an error names it."""
        return f"{self.name} in the environment" if self.place == ENVIRONMENT else f"{self.name} in {self.place}"


def given_values(home: Path, known: Collection[str]) -> dict[str, Given]:
    """The values of the workspace `home`, by lower-case name; `known`: the names that there are.

    Raises:
        InputError: a file that cannot be read, or an unknown name in one.
    """
    environment = tuple(sorted((name, text) for name, text in os.environ.items() if name.startswith(PREFIX)))
    contents = tuple((str(file), _content(file)) for file in (home / MARKER, home / ".env"))
    return dict(_merged(environment, contents, frozenset(known)))


def anything_given(home: Path, names: Collection[str]) -> bool:
    """Whether any of `names` can have another value than its default: a variable, or a line of a file, may give one.

    The files are not parsed: this is for commands that are to start quickly where nothing is set.

    Raises:
        InputError: a file that cannot be read.
    """
    if any(f"{PREFIX}{name.upper()}" in os.environ for name in names):
        return True
    lines = [line.strip() for file in (home / MARKER, home / ".env") for line in _content(file).splitlines()]
    return any(line and not line.startswith(b"#") for line in lines)


@lru_cache(maxsize=1)
def _merged(
    environment: tuple[tuple[str, str], ...], contents: tuple[tuple[str, bytes], ...], known: frozenset[str]
) -> Mapping[str, Given]:
    (settings_file, settings), (variables_file, variables) = contents
    found = _from_toml(settings_file, settings, known) if settings.strip() else {}
    found |= _from_variables(variables_file, variables, known) if variables.strip() else {}
    own = {name.removeprefix(PREFIX).lower(): Given(text, ENVIRONMENT, name) for name, text in environment}
    return found | {name: given for name, given in own.items() if name in known and str(given.value).strip()}


def _content(file: Path) -> bytes:
    """The bytes of a regular file; none if it does not exist, so that a pipe of that name cannot block a command."""
    try:
        return file.read_bytes() if file.is_file() else b""
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}). Give yourself permission to read it.") from None


def _decoded(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text. Save it as UTF-8.") from None


def _from_toml(file: str, content: bytes, known: frozenset[str]) -> dict[str, Given]:
    import tomllib

    try:
        values = tomllib.loads(_decoded(file, content))
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        place = position[0] if position else "the end"
        raise InputError(f"{file} is not TOML at {place}. Write one `name = value` a line, text in quotes.") from None
    for name in values:
        _refuse(file, name, name, known - PRIVATE)
    return {name: Given(value, file, name) for name, value in values.items()}


def _from_variables(file: str, content: bytes, known: frozenset[str]) -> dict[str, Given]:
    import io

    from dotenv.parser import parse_stream

    found = {}
    for line in parse_stream(io.StringIO(_decoded(file, content))):
        if line.error:
            raise InputError(f"{file} cannot be understood at line {line.original.line}. Write TWOKEY_NAME=value.")
        if line.key is None or not line.key.upper().startswith(PREFIX):
            continue
        name = line.key[len(PREFIX) :].lower()
        _refuse(file, line.key, name, known)
        if line.value and line.value.strip():
            found[name] = Given(line.value, file, line.key)
    return found


def _refuse(file: str, written: str, name: str, known: Collection[str]) -> None:
    """Refuse a name that the file cannot set.

    Raises:
        InputError: an unknown name, or one that only the environment may set.
    """
    if name in known:
        return
    if written in FOREIGN:
        raise InputError(f"{written} in {file} has no effect there. Set it in the environment.")
    if name == "home":
        raise InputError(
            f"{written} in {file} is not allowed: the file belongs to the workspace it lies in. "
            f"Set {HOME_VARIABLE} in the environment."
        )
    if name in PRIVATE:
        raise InputError(
            f"{written} in {file} is not allowed: a workspace that is copied would take it along. "
            f"Set {PREFIX}{name.upper()} in the environment or in .env."
        )
    allowed = known if written == name else [f"{PREFIX}{one.upper()}" for one in known]
    shown = "".join(letter if letter.isprintable() else "?" for letter in written[:60])
    raise InputError(f"Unknown setting {shown} in {file}.{did_you_mean(written, allowed)} docs/settings.md lists all.")
