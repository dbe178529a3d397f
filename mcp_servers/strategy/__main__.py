"""Run the `strategy` server: `python -m mcp_servers.strategy`, or with `--http --port N`."""

from mcp_servers.serving.command_line import serve
from mcp_servers.strategy.server import server

serve(server)
