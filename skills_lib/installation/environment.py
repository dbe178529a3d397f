"""The `.venv` of a workspace: a small virtual environment that uses the packages of the running one.

Skills, agents and `.mcp.json` call `.venv/bin/twokey` and `.venv/bin/python`. Where Twokey is installed in another
place by uv, pipx or pip, this makes them: nothing is installed twice, and the workspace is known by its own command,
whatever folder it is called from.
"""

import sys
from pathlib import Path

LINKED = "_twokey_link.pth"
"""The file in site-packages that names the packages of the other environment; only environments made here have it."""
_COMMAND = """#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/python "$0" "$@"
' '''
import sys

from scripts.cli import main

sys.exit(main())
"""
"""Python reads the second line as a string, and sh as the call of the Python beside this file: it may be moved."""


def is_own(folder: Path) -> bool:
    """Whether `folder` is the environment of this Python."""
    return folder.exists() and folder.resolve() == Path(sys.prefix).resolve()


def is_linked(folder: Path) -> bool:
    """Whether `folder` was made by `link_environment`."""
    return any(folder.glob(f"lib/python*/site-packages/{LINKED}"))


def link_environment(folder: Path) -> None:
    """Make the environment, or make it use this one again.

    Raises:
        OSError: it cannot be written.
    """
    import venv

    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    lines = [f"import site; site.addsitedir({place!r})\n" for place in _site_packages()]
    (folder / "lib" / version / "site-packages" / LINKED).write_text("".join(lines), encoding="utf-8")
    command = folder / "bin" / "twokey"
    command.write_text(_COMMAND, encoding="utf-8")
    command.chmod(0o755)


def _site_packages() -> list[str]:
    """Folders with packages on the path of this Python, absolute."""
    names = ("site-packages", "dist-packages")
    return [str(Path(place).absolute()) for place in sys.path if Path(place).name in names]
