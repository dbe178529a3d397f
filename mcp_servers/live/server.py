"""The `live` server: the state of a trading daemon, and ways to stop it. It cannot import what sends orders."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_servers.arguments import CANCELS, READS, STOPS
from mcp_servers.bounded_server import BoundedServer
from mcp_servers.library_calls import run_library
from mcp_servers.live.answers import ExplainAnswer, LiveCommandAnswer, LiveStatusAnswer

server = BoundedServer(
    "live",
    title="Twokey live",
    version="0.1.0",
    instructions=(
        "A trading daemon's state, and stopping it; nothing here can trade. Report cover first. On synthetic books "
        "nothing is earned."
    ),
)

SessionName = Annotated[str, Field(max_length=32)]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


@server.tool(title="Status", annotations=READS)
async def live_status(ctx: Context[Any, Any], session: SessionName | None = None) -> LiveStatusAnswer:
    """Position, cover, orders, stops, limits. To stop: live_kill."""
    from mcp_servers.live.calls import status

    return await run_library(ctx, lambda _: status(session))


@server.tool(title="Explain", annotations=READS)
async def live_explain(
    ctx: Context[Any, Any],
    tape: Annotated[str, Field(max_length=4_096, description="books that it saw")],
    session: SessionName | None = None,
) -> ExplainAnswer:
    """Where a session differs from the replay of its books, in bp. State: live_status."""
    from mcp_servers.live.explain_process import explain

    return await run_library(ctx, lambda progress: explain(session, tape, progress))


@server.tool(title="Pause", annotations=CANCELS)
async def live_pause(ctx: Context[Any, Any], reason: Reason, session: SessionName | None = None) -> LiveCommandAnswer:
    """No entries. To close too: live_stop."""
    from live.control.protocol import ControlCommand
    from mcp_servers.live.calls import command

    return await run_library(ctx, lambda _: command(session, ControlCommand.PAUSE, reason))


@server.tool(title="Stop", annotations=STOPS)
async def live_stop(ctx: Context[Any, Any], reason: Reason, session: SessionName | None = None) -> LiveCommandAnswer:
    """Close what the run holds. Everything: live_kill."""
    from live.control.protocol import ControlCommand
    from mcp_servers.live.calls import command

    return await run_library(ctx, lambda _: command(session, ControlCommand.STOP, reason))


@server.tool(title="Kill", annotations=STOPS)
async def live_kill(ctx: Context[Any, Any], reason: Reason, session: SessionName | None = None) -> LiveCommandAnswer:
    """Close everything, latch. Entries only: live_pause."""
    from live.control.protocol import ControlCommand
    from mcp_servers.live.calls import command

    return await run_library(ctx, lambda _: command(session, ControlCommand.KILL, reason))
