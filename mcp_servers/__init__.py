"""MCP servers: arguments in, a library call, a model out. Run one as `python -m mcp_servers.<name>`."""

import sys

# `python -m` puts the working folder first on the path, where somebody's http.py would replace the standard library's
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    sys.path.append(sys.path.pop(0))
