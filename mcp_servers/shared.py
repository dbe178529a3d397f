"""Shared by all servers: one-line errors, bounded responses, and library calls off the event loop."""

import inspect
import json
import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent, Tool, ToolAnnotations
from pydantic import Field, ValidationError

from skills_lib.domain.errors import InputError, TwokeyError, did_you_mean
from skills_lib.progress import Progress

T = TypeVar("T")

MAX_CHARACTERS = 60_000
"""Longest response. Digits take one token per 2.5 characters or so, and clients truncate at 25,000 tokens."""

Symbol = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9]{1,20}([/_:-][A-Za-z0-9]{1,20})?$",
        description="BTC, BTCUSDT or BTC/USDT; the quote defaults to USDT",
    ),
]
Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$",
        description="a date or time such as 2023-01-01 or 2023-01-01T08:00; UTC by default",
    ),
]
SourceName = Annotated[
    Literal["auto", "cache", "exchange", "archive", "sample", "yahoo"],
    Field(
        description="auto tries a fresh cache, the exchange, the archive, an older cache, and the synthetic sample; "
        "the response names the one used"
    ),
]
ExchangeName = Annotated[str, Field(pattern=r"^[a-z0-9_]{2,32}$", description="any ccxt exchange id")]

READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
READS_VENUES = READS.model_copy(update={"open_world_hint": True})
STORES_RUNS = READS_VENUES.model_copy(update={"read_only_hint": False})


class BoundedServer(MCPServer[Any]):
    """An MCP server with one-line errors that say what to do next, and compact, bounded responses."""

    async def list_tools(self) -> list[Tool]:
        """All tools; their schemas forbid unknown arguments."""
        tools = await super().list_tools()
        for tool in tools:
            tool.input_schema["additionalProperties"] = False
            tool.description = inspect.cleandoc(tool.description or "")
            for argument, value in defaults_of(tool.input_schema["properties"]).items():
                tool.input_schema["properties"][argument]["default"] = value
        return tools

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: unknown tool or argument, a value outside the schema, an error of the library, or a
                response longer than MAX_CHARACTERS.
        """
        properties = await self._reject_unknown(name, arguments)
        try:
            result = await super().call_tool(name, defaults_of(properties) | arguments, context)
        except UnexpectedToolError as error:
            raise UnexpectedToolError(f"{name} failed: a bug in the server, not in the call. See its log.") from error
        except ToolError as error:
            raise ToolError(_one_line(error, name)) from error.__cause__
        return _compact(result, name) if isinstance(result, CallToolResult) else result

    async def _reject_unknown(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The schemas of the tool's arguments by name."""
        known: dict[str, dict[str, Any]] = {
            tool.name: tool.input_schema["properties"] for tool in await self.list_tools()
        }
        if name not in known:
            raise ToolError(f"Unknown tool '{name}'.{did_you_mean(name, known)} Tools: {', '.join(known)}.")
        for argument in arguments:
            if argument not in known[name]:
                hint, allowed = did_you_mean(argument, known[name]), ", ".join(known[name]) or "none"
                raise ToolError(f"{name} has no argument '{argument}'.{hint} Allowed: {allowed}.")
        return known[name]


def defaults_of(properties: dict[str, Any]) -> dict[str, Any]:
    """The workspace's settings for those optional arguments that have the name of one and may have its value.

    None where the settings cannot be read: the call itself then says why.
    """
    from skills_lib.settings import Settings

    try:
        settings = Settings().option_values()
    except InputError:
        return {}
    return {
        name: settings[name]
        for name, schema in properties.items()
        if name in settings and "default" in schema and settings[name] in schema.get("enum", [settings[name]])
    }


async def run_library(
    ctx: Context[Any, Any], work: Callable[[Progress], T], limiter: anyio.CapacityLimiter | None = None
) -> T:
    """Run `work` on a worker thread; progress is sent to the client; a cancelled request stops it at the next report.

    Raises:
        ToolError: an error of the library, with its one-line message, or of the operating system.
    """

    def call() -> T:
        return work(_ProgressForwarder(ctx))

    try:
        return await anyio.to_thread.run_sync(call, limiter=limiter)
    except TwokeyError as error:
        raise ToolError(str(error)) from error
    except OSError as error:
        raise ToolError(f"System error: {error}. Free space or fix permissions, then call again.") from error


def serve(server: BoundedServer) -> None:
    """Serve MCP on standard input and output until the client disconnects."""
    try:
        server.run()
    except KeyboardInterrupt:
        sys.exit(130)


class _ProgressForwarder:
    """Sends progress to the client: an increasing number, as MCP requires, and the message.

    Each phase of the work (candles, then the run) counts from 0, so the number is the percentage summed over all
    phases so far, without a total. At most one notification per percent is sent.
    """

    def __init__(self, ctx: Context[Any, Any]) -> None:
        self._ctx = ctx
        self._last_sent = -1
        self._before = 0
        self._phase = ""

    def __call__(self, done: int, total: int, message: str) -> None:
        anyio.from_thread.check_cancelled()
        percent = min(100 * done // total, 100) if total > 0 else self._last_sent - self._before + 1
        if message != self._phase or self._before + percent > self._last_sent:
            self._send(percent, message)

    def _send(self, percent: int, message: str) -> None:
        if self._before + percent <= self._last_sent:
            self._before = self._last_sent + 1 - percent
        self._last_sent, self._phase = self._before + percent, message
        anyio.from_thread.run(self._ctx.report_progress, self._last_sent, None, message)


def _one_line(error: ToolError, tool: str) -> str:
    if isinstance(error.__cause__, ValidationError):
        found = [_explain(problem) for problem in error.__cause__.errors(include_url=False)[:5]]
        return f"{' '.join(found)} Correct it and call {tool} again."
    return " ".join(str(error).removeprefix(f"Error executing tool {tool}: ").split())


def _explain(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"{where} is missing."
    return f"{where}: found {json.dumps(problem['input'], default=str)[:80]}; {problem['msg'].lower()}."


def _compact(result: CallToolResult, name: str) -> CallToolResult:
    text = json.dumps(result.structured_content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if len(text) > MAX_CHARACTERS:
        raise ToolError(
            f"{name} would return {len(text):,} characters; the maximum is {MAX_CHARACTERS:,}. Use a smaller limit, "
            "another section or a shorter span."
        )
    return result.model_copy(update={"content": [TextContent(type="text", text=text)]})
