"""Starts each MCP server as a client would, asks for its tools, and stops it."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from skills_lib.installation.doctor.model import Finding, broken, ok

START_SECONDS = 60.0
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_HELLO = (
    {
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "twokey-doctor", "version": "1"},
        },
    },
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/list", "params": {}},
)


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """How one server is started."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str]


def check_servers(home: Path) -> Iterator[Finding]:
    """Whether each server starts and lists its tools, all at once; as `.mcp.json` says where there is one."""
    try:
        commands = _configured(home / ".mcp.json") if (home / ".mcp.json").is_file() else _own_commands()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        yield broken("servers", f"{home}/.mcp.json cannot be understood", "Remove it, then run `twokey init`.")
        return
    with ThreadPoolExecutor(max(1, len(commands))) as pool:
        yield from pool.map(lambda command: _check_server(command, home), commands)


def _own_commands() -> list[ServerCommand]:
    package = find_spec("mcp_servers")
    folders = package.submodule_search_locations or [] if package else []
    names = sorted(file.parent.name for folder in folders for file in Path(folder).glob("*/__main__.py"))
    return [ServerCommand(name, (sys.executable, "-P", "-m", f"mcp_servers.{name}"), {}) for name in names]


def _configured(file: Path) -> list[ServerCommand]:
    servers = json.loads(file.read_text(encoding="utf-8"))["mcpServers"]
    return [
        ServerCommand(
            name,
            tuple(_expand(word) for word in (server["command"], *server.get("args", []))),
            {key: _expand(value) for key, value in server.get("env", {}).items()},
        )
        for name, server in servers.items()
        if "command" in server
    ]


def _expand(text: str) -> str:
    """`${NAME:-default}` as Claude Code replaces it."""
    return _VARIABLE.sub(lambda found: os.environ.get(found[1]) or found[2] or "", text)


def _check_server(command: ServerCommand, home: Path) -> Finding:
    topic, began = f"server {command.name}", time.monotonic()
    folder = home if home.is_dir() else None
    with tempfile.TemporaryFile() as log:
        try:
            count = _count_tools(command, folder, log)
        except BrokenPipeError:  # it ended before it read
            count = None
        except (OSError, ValueError) as error:
            return broken(topic, f"does not start: {error}", _remedy(command))
        if count is None:
            log.seek(0)
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
            reason = lines[-1][:200] if lines else f"no answer within {START_SECONDS:.0f} s"
            return broken(topic, f"does not start: {reason}", _remedy(command))
    return ok(topic, f"{count} tools, started in {time.monotonic() - began:.1f} s")


def _count_tools(command: ServerCommand, folder: Path | None, log: "IO[bytes]") -> int | None:
    """The number of tools that a newly started server lists; None if it ended or did not answer in time."""
    environment = {**os.environ, **command.environment}
    with subprocess.Popen(
        command.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=folder, env=environment
    ) as process:
        watch = threading.Timer(START_SECONDS, process.kill)
        watch.start()
        try:
            return _ask(process)
        finally:
            watch.cancel()
            process.kill()


def _ask(process: "subprocess.Popen[bytes]") -> int | None:
    assert process.stdin is not None
    assert process.stdout is not None
    for message in _HELLO:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    process.stdin.flush()
    for line in process.stdout:
        answer = json.loads(line)
        if answer.get("id") == 2:
            return len(answer["result"]["tools"])
    return None


def _remedy(command: ServerCommand) -> str:
    return f"Run {' '.join(command.words)} to see why."
