"""What is the same in all runs of a report."""

import msgspec

from live.engine.limits import Limits


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """capital: in units of 1e-8 of the margin asset. seed: of latencies."""

    symbol: str
    capital: int
    limits: Limits
    seed: int
