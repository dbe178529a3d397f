"""Run the `market` server on standard input and output: `python -m mcp_servers.market`."""

from mcp_servers.market.server import server
from mcp_servers.shared import serve

serve(server)
