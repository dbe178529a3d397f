"""The base of all servers: short schemas, one-line errors, and answers that are never too long for a client."""

import inspect
import json
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent, Tool
from pydantic import ValidationError

from mcp_servers.schemas import short_input, short_output
from mcp_servers.truncation import MAX_CHARACTERS, TooLongError, shorten
from mcp_servers.wording import explain_arguments, for_caller, worded
from mcp_servers.workspace_defaults import defaults_for, with_defaults, workspace_defaults
from skills_lib.domain.errors import did_you_mean

__all__ = ["MAX_CHARACTERS", "BoundedServer"]


class BoundedServer(MCPServer[Any]):
    """An MCP server with short schemas, one-line errors that say what to do next, and bounded answers."""

    async def list_tools(self) -> list[Tool]:
        """All tools, with schemas that forbid unknown arguments."""
        tools = await super().list_tools()
        for tool in tools:
            tool.input_schema = with_defaults(short_input(tool.input_schema), workspace_defaults())
            tool.output_schema = tool.output_schema and short_output(tool.output_schema)
            tool.description = " ".join(inspect.cleandoc(tool.description or "").split())
        return tools

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: unknown tool or argument, a value outside the schema, an error of the library, or a page
                longer than MAX_CHARACTERS.
        """
        schema = await self._schema(name)
        properties: dict[str, Any] = schema["properties"]
        _refuse_unknown(name, arguments, properties)
        try:
            result = await super().call_tool(name, defaults_for(schema, workspace_defaults()) | arguments, context)
        except UnexpectedToolError as error:
            raise UnexpectedToolError(f"{name} failed: a bug in the server, not in the call. See its log.") from error
        except ToolError as error:
            raise ToolError(_one_line(error, name, properties)) from error.__cause__
        return _compact(result, name) if isinstance(result, CallToolResult) else result

    async def _schema(self, name: str) -> dict[str, Any]:
        known = {tool.name: tool.input_schema for tool in await self.list_tools()}
        if name not in known:
            raise ToolError(f"Unknown tool '{name}'.{did_you_mean(name, known)} Tools: {', '.join(known)}.")
        found: dict[str, Any] = known[name]
        return found


def _refuse_unknown(name: str, arguments: dict[str, Any], known: dict[str, Any]) -> None:
    for argument in arguments:
        if argument not in known:
            hint, allowed = did_you_mean(argument, known), ", ".join(known) or "none"
            raise ToolError(f"{name} has no argument '{argument}'.{hint} Allowed: {allowed}.")


def _one_line(error: ToolError, tool: str, properties: dict[str, Any]) -> str:
    if isinstance(error.__cause__, ValidationError):
        return f"{explain_arguments(error.__cause__, properties)} Correct it and call {tool} again."
    return for_caller(str(error).removeprefix(f"Error executing tool {tool}: "))


def _compact(result: CallToolResult, name: str) -> CallToolResult:
    """The result with its data as compact JSON text, and with its pictures."""
    pictures = [block for block in result.content if not isinstance(block, TextContent)]
    taken = sum(len(block.model_dump_json()) for block in pictures)
    try:
        data = shorten(worded(result.structured_content or {}), MAX_CHARACTERS - taken)
    except TooLongError as error:
        raise ToolError(f"{name} would return {error}. Use a smaller limit.") from None
    text = TextContent(type="text", text=json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    return result.model_copy(update={"content": [text, *pictures], "structured_content": data})
