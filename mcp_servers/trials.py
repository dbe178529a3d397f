"""The trial meter of an answer: how often these candles were tried, and what luck alone then reaches."""

from skills_lib.ledger.ledger import Ledger
from skills_lib.ledger.meter import Measured, trial_meter
from skills_lib.settings import Settings


def meter_text(found: Measured) -> str:
    """The trial meter in one sentence, by the ledger as it is now."""
    return trial_meter(Ledger.of(Settings()), found).text
