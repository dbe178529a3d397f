"""Run the `validation` server on standard input and output: `python -m mcp_servers.validation`."""

from mcp_servers.shared import serve
from mcp_servers.validation.server import server

serve(server)
