"""The `strategy` server: reads the source of strategies, and writes new ones into the workspace."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from mcp_servers.arguments import READS, WRITES_FILES, StrategyName
from mcp_servers.bounded_server import BoundedServer
from mcp_servers.library_calls import run_library
from mcp_servers.strategy import prompts
from mcp_servers.strategy.answers import CreatedStrategy, StrategySource

server = BoundedServer(
    "strategy",
    title="Twokey strategies",
    version="0.1.0",
    instructions=(
        "Reads and writes strategies; nothing here can trade. A strategy is Python that runs as the user. Checks and "
        "synthetic candles are no evidence of an edge."
    ),
)


@server.tool(title="Read a strategy", annotations=READS)
async def strategy_read(strategy: StrategyName, ctx: Context[Any, Any]) -> StrategySource:
    """The Python source of a strategy, also as an example for strategy_create.

    Parameters and ranges alone: backtest_describe_strategy.
    """
    from mcp_servers.strategy.calls import read

    return await run_library(ctx, lambda _: read(strategy))


@server.tool(title="Write a strategy", annotations=WRITES_FILES)
async def strategy_create(
    strategy: Annotated[str, Field(max_length=64, description="new name, such as my_idea")],
    source: Annotated[str, Field(max_length=65_536, description="Python: one SignalStrategy class")],
    ctx: Context[Any, Any],
    replace: Annotated[bool, Field(description="an existing file; the old one is kept")] = False,
) -> CreatedStrategy:
    """Write a strategy file into the workspace and check it: import, look-ahead, contradictory signals, a backtest.

    Read an example with strategy_read first. Then test it with backtest_run.
    """
    from mcp_servers.strategy.calls import create

    return await run_library(ctx, lambda progress: create(strategy, source, replace, progress))


@server.prompt(title="Create a strategy")
def create_strategy(idea: str) -> str:
    """Write a strategy from an idea and check it."""
    return prompts.create_strategy(idea)
