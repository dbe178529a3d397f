"""The command line of every server: standard input and output, or `--http --port N`."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from mcp_servers.bounded_server import BoundedServer
from skills_lib.domain.errors import TwokeyError

_INTERRUPTED = 130


def serve(server: BoundedServer) -> None:
    """Serve MCP as the command line says, until the client disconnects or the process gets SIGTERM.

    Exit codes: 0 after SIGTERM, 2 for bad input, 130 after ctrl-C.
    """
    parser = _parser(server.name)
    given = parser.parse_args()
    try:
        if given.http:
            _serve_http(server, given)
        elif len(sys.argv) > 1:
            parser.error("Options need --http. Without it the server speaks on standard input and output.")
        else:
            server.run()
    except TwokeyError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _serve_http(server: BoundedServer, given: argparse.Namespace) -> None:
    from mcp_servers.serving.bearer_token import find_token
    from mcp_servers.serving.streamable_http import HttpSettings, serve_http

    settings = HttpSettings.parse(
        given.host, given.port, given.allow_remote, tuple(given.allow_host), tuple(given.allow_origin)
    )
    token = find_token(given.token_file, may_be_made=settings.is_local)
    serve_http(server, settings, token)


class _OneLineParser(argparse.ArgumentParser):
    """Errors are one line, and do not echo what was typed: it may hold the token."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            message = f"Unknown option. {self.prog} --help lists all; the token is never one of them."
        self.exit(2, f"{message}\n")


def _parser(name: str) -> argparse.ArgumentParser:
    parser = _OneLineParser(f"python -m mcp_servers.{name}", allow_abbrev=False)
    parser.add_argument("--http", action="store_true", help="streamable HTTP instead of standard input and output")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any that is free)")
    parser.add_argument(
        "--token-file", type=Path, help="file with the bearer token, readable by you alone; else TWOKEY_MCP_TOKEN"
    )
    parser.add_argument("--allow-remote", action="store_true", help="allow an address that others can reach")
    parser.add_argument("--allow-host", action="append", default=[], help="another Host to accept, such as a proxy's")
    parser.add_argument("--allow-origin", action="append", default=[], help="an Origin to accept besides its own")
    return parser
