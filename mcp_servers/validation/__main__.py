"""Run the `validation` server: `python -m mcp_servers.validation`, or with `--http --port N`."""

from mcp_servers.serving.command_line import serve
from mcp_servers.validation.server import server

serve(server)
