"""Run the `market` server: `python -m mcp_servers.market`, or with `--http --port N`."""

from mcp_servers.market.server import server
from mcp_servers.serving.command_line import serve

serve(server)
