"""The origin of an evaluation (which command, run by a person, an agent or an MCP job), and the trial meter."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skills_lib.ledger.meter import Measured, TrialMeter


def trial_origin(verb: str, job: Path | None = None) -> str:
    """The origin that the ledger records for a command. `job`: the folder of the MCP server's job it runs as."""
    if job is not None:
        return f"mcp validation: {verb}"
    by_agent = bool(os.environ.get("CLAUDECODE"))  # Claude Code sets it for every command that it runs
    return f"twokey {verb} (agent)" if by_agent else f"twokey {verb}"


def meter_now(result: "Measured") -> "TrialMeter":
    """The trial meter of the candles of `result`, by the ledger as it is now, also where the result was stored."""
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.ledger.meter import trial_meter
    from skills_lib.settings import Settings

    return trial_meter(Ledger.of(Settings()), result)
