"""Run the `live` server: `python -m mcp_servers.live`, or with `--http --port N`."""

from mcp_servers.live.server import server
from mcp_servers.serving.command_line import serve

serve(server)
