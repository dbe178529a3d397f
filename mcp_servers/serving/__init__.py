"""How a server is started: on standard input and output, or over streamable HTTP."""
