"""Run the `backtest` server: `python -m mcp_servers.backtest`, or with `--http --port N`."""

from mcp_servers.backtest.server import server
from mcp_servers.serving.command_line import serve

serve(server)
