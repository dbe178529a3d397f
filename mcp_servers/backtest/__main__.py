"""Run the `backtest` server on standard input and output: `python -m mcp_servers.backtest`."""

from mcp_servers.backtest.server import server
from mcp_servers.shared import serve

serve(server)
