"""How the `twokey` command is called from the current folder, so that every hint runs as it is printed."""

import os
import re
import shlex
import shutil
import sys
from functools import lru_cache
from pathlib import Path

from skills_lib.domain.options import spell_options

NAME = "twokey"
_CALL = re.compile(rf"(?<![\w./\\-]){NAME}(?= [a-z-])")
"""The command in a text, followed by a verb or an option; not a part of a path, and not the product's name."""


def command_name() -> str:
    """`twokey` where the shell finds this environment's command by that name, else its path, as short as it can be."""
    return _name(sys.executable, os.environ.get("PATH", ""), _folder())


@lru_cache(maxsize=1)
def _name(interpreter: str, path: str, folder: str) -> str:
    own, found = _own_command(interpreter), shutil.which(NAME, path=path)
    if own is None or (found is not None and Path(found).exists() and Path(found).samefile(own)):
        return NAME
    return shlex.quote(str(own.relative_to(folder) if own.is_relative_to(folder or "?") else own))


def as_typed(text: str) -> str:
    """`text` with every call of `twokey` as it must be typed here: `.venv/bin/twokey runs`."""
    name = command_name()
    return text if name == NAME else _CALL.sub(lambda _: name, text)


def readable(text: str) -> str:
    """A message of the library as this command says it: options as flags, and calls as they must be typed here."""
    if "pip install" in text:
        from scripts.extras import with_installs

        text = with_installs(text)
    return as_typed(spell_options(text, _flag))


def _flag(name: str, value: str | None) -> str:
    flag = f"--{name.replace('_', '-')}"
    return flag if value is None else f"{flag} {value}"


def _own_command(interpreter: str) -> Path | None:
    """The command beside the interpreter that runs; None where the package is used without being installed."""
    folder = Path(interpreter).parent
    return next((path for path in (folder / NAME, folder / f"{NAME}.exe") if path.is_file()), None)


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return ""
