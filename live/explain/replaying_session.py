"""Replays the books of a session with the session's own settings, limits and capital."""

import tempfile
from pathlib import Path

import msgspec

from live.engine.events import Started
from live.engine.settings import ImbalanceSettings
from live.explain.explanation import Explanation, explain
from live.explain.trades import JournalTrades, trades_in
from live.replay.conditions import Conditions
from live.replay.study.variants import Variant
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import Distribution
from skills_lib.domain.errors import InputError
from skills_lib.progress import Progress, no_progress


class ReplayConditions(msgspec.Struct, frozen=True, kw_only=True):
    """What the session does not say of its exchange."""

    fills: FillModel
    latency: Distribution
    seed: int


def explain_session(
    journal: Path, tape: Path, conditions: ReplayConditions, progress: Progress = no_progress
) -> Explanation:
    """Replay the tape for each symbol of the session, and compare.

    Raises:
        InputError: the journal holds no run, or one on bars, or the tape none of its symbols.
        JournalDamagedError: the journal is not what was written.
    """
    session, opened = trades_in(journal), ReplayTape(tape)
    symbols = [one.symbol for one in session.started.contracts if one.symbol in opened.symbols]
    if not symbols:
        raise InputError(f"{tape.name} holds no book of the session. Symbols on it: {', '.join(opened.symbols)}.")
    found: list[JournalTrades] = []
    for number, symbol in enumerate(symbols):
        progress(number, len(symbols), f"replaying {symbol}")
        found.append(_replayed(opened, symbol, session.started, _settings_of(session.started, journal), conditions))
    return explain(session, _joined(session.started, found))


def _settings_of(started: Started, journal: Path) -> ImbalanceSettings:
    """The settings that a replay of books repeats; a strategy on bars decided by code that no journal holds."""
    if started.settings is None:
        raise InputError(f"{journal.name} is of a strategy on bars. Give a journal of the imbalance strategy.")
    return started.settings


def _replayed(
    tape: ReplayTape, symbol: str, started: Started, settings: ImbalanceSettings, conditions: ReplayConditions
) -> JournalTrades:
    same = Conditions(symbol=symbol, capital=started.capital, limits=started.limits, seed=conditions.seed)
    variant = Variant(settings=settings, fills=conditions.fills, latency=conditions.latency)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replay.journal"
        EngineRun(tape, same, variant, path).play()
        return trades_in(path)


def _joined(started: Started, found: list[JournalTrades]) -> JournalTrades:
    return JournalTrades(
        started,
        tuple(trade for one in found for trade in one.trades),
        sum(one.incomplete for one in found),
        {symbol: ids for one in found for symbol, ids in one.books.items()},
    )
