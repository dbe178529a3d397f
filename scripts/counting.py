"""The origin of an evaluation: which command, run by a person, an agent or an MCP job."""

import os
from pathlib import Path


def trial_origin(verb: str, job: Path | None = None) -> str:
    """The origin that the ledger records for a command. `job`: the folder of the MCP server's job it runs as."""
    if job is not None:
        return f"mcp validation: {verb}"
    by_agent = bool(os.environ.get("CLAUDECODE"))  # Claude Code sets it for every command that it runs
    return f"twokey {verb} (agent)" if by_agent else f"twokey {verb}"
