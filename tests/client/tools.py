"""Runs the tools of `make tools` as somebody who has nothing else configured."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

SERVERS = json.loads((ROOT / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"]
NOWHERE = "http://127.0.0.1:9"


def node_tool(name: str) -> str:
    """The path of an installed Node tool; skips the test without it."""
    path = ROOT / "node_modules" / ".bin" / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: `make tools` installs it")
    return str(path)


def run(command: list[str], cwd: Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Exit code and output of a program without input."""
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180, check=False
    )
    return done.returncode, done.stdout + done.stderr
