"""A trial ledger for tests that call a pipeline themselves."""

from pathlib import Path

from skills_lib.ledger.counter import OpenLedgerCounter, ledger_counters
from skills_lib.ledger.ledger import Ledger


def counted_beside(folder: Path) -> OpenLedgerCounter:
    """Counts in a ledger beside `folder`, for a workspace that holds nothing else."""
    return ledger_counters(ledger_beside(folder), "a test")


def ledger_beside(folder: Path) -> Ledger:
    """The ledger that `counted_beside` counts in."""
    beside = folder.with_name(f"{folder.name}-ledger")
    return Ledger(beside / "user" / "trials.sqlite", beside / "workspace")
