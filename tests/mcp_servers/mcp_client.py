"""MCP client for tests: connects to a server in this or a separate process, with either protocol version."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp.server import MCPServer
from mcp_types import CallToolResult, Tool

ROOT = Path(__file__).resolve().parents[2]
ERAS = ("auto", "legacy")
"""What `Client(mode=…)` calls protocol 2026-07-28 (where the server has it) and the 2025 handshake."""

Server = MCPServer[Any] | StdioServerParameters
Report = tuple[float, float | None, str | None]


def own_process(name: str, home: Path, cwd: Path = ROOT) -> StdioServerParameters:
    """The server as a separate process, with the workspace `home`."""
    arguments = ["-m", f"mcp_servers.{name}"]
    environment = {"TWOKEY_HOME": str(home), "TWOKEY_LEDGER_DIR": os.environ["TWOKEY_LEDGER_DIR"]}
    return StdioServerParameters(command=sys.executable, args=arguments, env=environment, cwd=str(cwd))


def list_tools(server: Server, mode: str = "auto") -> list[Tool]:
    """The tools that the server lists."""

    async def talk() -> list[Tool]:
        async with Client(server, mode=mode) as client:
            return (await client.list_tools()).tools

    return anyio.run(talk)


def call(
    server: Server, tool: str, arguments: dict[str, Any], mode: str = "auto", reports: list[Report] | None = None
) -> CallToolResult:
    """Call one tool; its progress is appended to `reports`."""

    async def note(done: float, total: float | None, message: str | None) -> None:
        if reports is not None:
            reports.append((done, total, message))

    async def talk() -> CallToolResult:
        async with Client(server, mode=mode) as client:
            return await client.call_tool(tool, arguments, progress_callback=note)

    return anyio.run(talk)


def answer(server: Server, tool: str, mode: str = "auto", **arguments: Any) -> dict[str, Any]:
    """The structured answer of a call that must succeed; its text holds the same JSON."""
    result = call(server, tool, arguments, mode)
    assert not result.is_error, text(result)
    assert result.structured_content is not None
    assert json.loads(text(result)) == result.structured_content
    return result.structured_content


def refusal(server: Server, tool: str, mode: str = "auto", **arguments: Any) -> str:
    """The one-line error of a call that must fail."""
    result = call(server, tool, arguments, mode)
    assert result.is_error, text(result)
    assert "\n" not in text(result)
    return text(result)


def text(result: CallToolResult) -> str:
    """The text content, for clients without structured output."""
    (block,) = result.content
    assert block.type == "text"
    return block.text
