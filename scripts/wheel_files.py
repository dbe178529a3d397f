"""Puts the files of a new workspace into the wheel. Hatchling calls it; an editable installation has the checkout's."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IN_WHEEL = "skills_lib/installation/files"


class WorkspaceFiles(BuildHookInterface[Any]):
    """Includes `files`, listed in pyproject.toml, below `IN_WHEEL`, each under its own path."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to a standard wheel."""
        if version == "standard":
            there = [name for name in self.config["files"] if (Path(self.root) / name).exists()]
            build_data["force_include"] |= {name: f"{IN_WHEEL}/{name}" for name in there}
