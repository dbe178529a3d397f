"""How the `twokey` command is called from the current folder, so that every hint runs as it is printed."""

import re
import shlex
import shutil
import sys
from pathlib import Path

NAME = "twokey"
_CALL = re.compile(rf"(?<![\w./\\-]){NAME}(?= [a-z-])")
"""The command in a text, followed by a verb or an option; not a part of a path, and not the product's name."""


def command_name() -> str:
    """`twokey` where the shell finds this environment's command by that name, else its path, as short as it can be."""
    own, found = _own_command(), shutil.which(NAME)
    if own is None or (found is not None and Path(found).exists() and Path(found).samefile(own)):
        return NAME
    return shlex.quote(_short(own))


def as_typed(text: str) -> str:
    """`text` with every call of `twokey` as it must be typed here: `.venv/bin/twokey runs`."""
    name = command_name()
    return text if name == NAME else _CALL.sub(lambda _: name, text)


def _own_command() -> Path | None:
    """The command beside the interpreter that runs; None where the package is used without being installed."""
    folder = Path(sys.executable).parent
    return next((path for path in (folder / NAME, folder / f"{NAME}.exe") if path.is_file()), None)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere, or in a folder that was removed
        return str(path)
