"""Lists the files of the repository: committed, or new and not ignored."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED_CANDLES = sorted((ROOT.parent / "shared" / "data" / "candles").glob("*.csv.gz"))
"""Real candles beside this checkout; none where there are none."""


def repository_files(*patterns: str) -> list[Path]:
    """Existing files whose path matches one of the git `patterns`; all of them when none is given."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(
            "this copy of the source is not a git checkout, so its files cannot be distinguished from generated ones"
        )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
