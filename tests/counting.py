"""A trial ledger for tests that call a pipeline themselves."""

from pathlib import Path

from skills_lib.backtest.trials import CountTrials
from skills_lib.validate.counted import counting
from skills_lib.validate.ledger import Ledger


def counted_beside(folder: Path) -> CountTrials:
    """Counts in a ledger beside `folder`, for a workspace that holds nothing else."""
    ledger = folder.with_name(f"{folder.name}-ledger")
    return counting(Ledger(ledger / "user" / "trials.sqlite", ledger / "workspace"), "a test")
