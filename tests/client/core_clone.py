"""A clone of the repository with the environment of `make demo`: the packages of the core lock, and no others."""

import importlib.metadata
import re
import shutil
import sys
import sysconfig
import venv
from pathlib import Path

from packaging.requirements import Requirement

from tests.repository import ROOT, repository_files

COMPILED = ("*.nbi", "*.nbc")
"""What numba has compiled: valid in a copy whose sources keep their size and time of change."""


def make_clone(folder: Path) -> Path:
    """The committed and new files of the repository, with `.venv` as after `make demo`.

    The packages are links to those of this environment, so that nothing is downloaded; only those that
    `requirements.lock` names for this platform are there.
    """
    for path in (*repository_files(), *(path for path in (ROOT / ".claude").iterdir() if path.is_symlink())):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
    for pattern in COMPILED:
        for path in (ROOT / "skills_lib").rglob(pattern):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    _make_environment(folder)
    return folder


def locked_packages() -> list[str]:
    """Names in the core lock that apply to this Python and platform."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = re.findall(r"^([a-z0-9][^\s\\]*==[^\\\n]*?)\s*\\?$", text, flags=re.M)
    parsed = [Requirement(line) for line in lines]
    return [found.name for found in parsed if found.marker is None or found.marker.evaluate()]


def _make_environment(folder: Path) -> None:
    environment = folder / ".venv"
    venv.create(environment, symlinks=True)
    packages = environment / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    for name in locked_packages():
        _link(importlib.metadata.distribution(name), packages)
    _install_checkout(folder, environment, packages)
    for name in ("requirements.lock", "pyproject.toml"):  # the stamps of scripts/install.sh
        shutil.copy(folder / name, environment / f".{name}")
    (environment / ".place").write_text(f"{folder}\n", encoding="utf-8")


def _link(package: importlib.metadata.Distribution, packages: Path) -> None:
    """Link the top-level files and folders of an installed package."""
    tops = {Path(file.parts[0]) for file in package.files or [] if file.parts[0] not in {"..", "__pycache__"}}
    for top in tops:
        if not (packages / top).exists():
            (packages / top).symlink_to(package.locate_file(top))


def _install_checkout(folder: Path, environment: Path, packages: Path) -> None:
    """What an editable install of the clone writes: its path, its metadata, and the command."""
    (packages / "_editable_impl_twokey.pth").write_text(f"{folder}\n", encoding="utf-8")
    metadata = importlib.metadata.distribution("twokey")
    top = next(file.parts[0] for file in metadata.files or [] if file.parts[0].endswith(".dist-info"))
    (packages / top).symlink_to(metadata.locate_file(top))
    command = environment / "bin" / "twokey"
    lines = [f"#!{environment}/bin/python", "import sys", "from scripts.cli import main", "sys.exit(main())"]
    command.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command.chmod(0o755)
