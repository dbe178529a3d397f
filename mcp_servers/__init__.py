"""MCP servers: each tool parses arguments, calls the library and returns a model.

Run one as `python -m mcp_servers.<name>`.
"""

import sys

# `python -m` puts the working folder first on the path, where a local http.py would shadow the standard library's
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    sys.path.append(sys.path.pop(0))
