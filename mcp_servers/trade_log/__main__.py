"""Run the `trade_log` server: `python -m mcp_servers.trade_log`, or with `--http --port N`."""

from mcp_servers.serving.command_line import serve
from mcp_servers.trade_log.server import server

serve(server)
