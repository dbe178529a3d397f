"""Who asks: what the trial ledger writes down beside every configuration that a command evaluates."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from skills_lib.settings import Settings

if TYPE_CHECKING:
    from skills_lib.ledger.counter import OpenLedgerCounter


def trial_counters(verb: str, job: Path | None = None) -> "OpenLedgerCounter":
    """The count that the verb's pipeline opens. `job`: the folder of the job of an MCP server it runs as."""
    from skills_lib.ledger.counter import ledger_counters
    from skills_lib.ledger.ledger import Ledger

    return ledger_counters(Ledger.of(Settings()), _origin(verb, job))


def _origin(verb: str, job: Path | None) -> str:
    if job is not None:
        return f"mcp validation: {verb}"
    by_agent = bool(os.environ.get("CLAUDECODE"))  # Claude Code sets it for every command that it runs
    return f"twokey {verb} (agent)" if by_agent else f"twokey {verb}"
