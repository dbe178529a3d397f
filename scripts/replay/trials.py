"""Counts the configurations of a replay in the trial ledger, and says how far luck alone reaches."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from skills_lib.domain.models import FrozenModel

if TYPE_CHECKING:
    from live.engine.settings import ImbalanceSettings
    from live.replay.study.model import ReplayReport
    from live.replay.study.study import StudyRequest
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.ledger.model import CandleIdentity

Spans = Sequence[tuple[int, int]]
"""First and last exchange time of each tape, in nanoseconds."""
STRATEGY = "imbalance"
TIMEFRAME = "book"
"""The ledger's timeframe of order books."""


class TapeMeter(FrozenModel):
    """The trials on some tapes. luck_t: the t of a net mean that the best of so many is expected to show by luck."""

    attempts: int
    luck_t: float
    assumption: str
    text: str


class ReplayTrials:
    """The trial counter of one replay, which counts on every tape before a configuration runs."""

    def __init__(self, ledger: "Ledger", origin: str, request: "StudyRequest", spans: Spans, code_sha256: str) -> None:
        from skills_lib.ledger.counter import LedgerTrialCounter
        from skills_lib.ledger.model import EvaluationContext

        self._ledger, self._data = (
            ledger,
            identities([tape.sha256 for tape in request.tapes], request.strategy.symbols, spans, request.synthetic),
        )
        conditions = conditions_sha256(request)
        self._counters = [
            LedgerTrialCounter(ledger, EvaluationContext(origin, STRATEGY, code_sha256, conditions, data))
            for data in self._data
        ]

    def __call__(self, settings: "Sequence[ImbalanceSettings]") -> int:
        """Count these configurations; returns all that were ever counted on any of the tapes.

        Raises:
            OSError: the count cannot be stored; nothing may be evaluated.
        """
        combinations = [msgspec.to_builtins(one) for one in settings]
        for counter in self._counters:
            counter.reserve(combinations)
        return self._ledger.count(*self._data).configurations

    def unseen(self, settings: "Sequence[ImbalanceSettings]") -> int:
        """How many of these are not counted yet on any of the tapes."""
        import numpy as np

        from skills_lib.ledger.counter import configuration_keys

        keys = configuration_keys(self._counters[0].context, [msgspec.to_builtins(one) for one in settings])
        return len(np.setdiff1d(keys, self._ledger.read().configurations(*self._data)))


def identities(sha256s: Sequence[str], symbols: Sequence[str], spans: Spans, synthetic: bool) -> "list[CandleIdentity]":
    """What the ledger takes for the candles of each tape and symbol."""
    from skills_lib.ledger.model import CandleIdentity

    return [
        CandleIdentity(symbol, TIMEFRAME, synthetic, first_ns, end_ns, sha256)
        for sha256, (first_ns, end_ns) in zip(sha256s, spans, strict=True)
        for symbol in symbols
    ]


def conditions_sha256(request: "StudyRequest") -> str:
    """Hash of what is no parameter of the strategy and changes its result: limits, capital, fills, latency, seed."""
    strategy = request.strategy.model_dump_json(exclude={"settings", "symbols"})
    return hashlib.sha256(strategy.encode()).hexdigest()


def tape_meter(ledger: "Ledger", report: "ReplayReport") -> TapeMeter:
    """The meter of the tapes of a report, by the ledger as it is now."""
    from skills_lib.domain.luck import expected_maximum_sharpe
    from skills_lib.ledger.meter import INDEPENDENT

    symbols, spans = report.strategy.symbols, [(tape.first_ns, tape.end_ns) for tape in report.tapes]
    data = identities([tape.sha256 for tape in report.tapes], symbols, spans, report.synthetic)
    attempts = ledger.count(*data).configurations
    luck_t = expected_maximum_sharpe(attempts, 1.0)
    text = (
        f"Attempt {attempts:,} on {', '.join(symbols)} in these minutes; luck alone now reaches t = {luck_t:.2f} of "
        f"the net mean (expected best of {attempts:,} {INDEPENDENT})."
    )
    return TapeMeter(attempts=attempts, luck_t=luck_t, assumption=INDEPENDENT, text=text)
