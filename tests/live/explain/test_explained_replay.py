"""Journals of the engine itself: against its own replay nothing differs, and a slower exchange differs by latency."""

from pathlib import Path

import msgspec
import pytest

from live.engine.events import Started
from live.engine.limits import Executor, effective
from live.engine.settings import BarSettings
from live.enums import Side
from live.explain.replaying_session import ReplayConditions, explain_session
from live.explain.trades import trades_in
from live.journal.opening import new_journal
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import ASSUMED, Distribution
from skills_lib.domain.errors import InputError
from tests.live.engine.states import CAPITAL, CONTRACT
from tests.live.journal.examples import START_NS
from tests.live.journal.runs import write_run
from tests.live.replay.planted_tape import planted_tape
from tests.live.replay.test_engine_replays import BASE, CONDITIONS

MS = 1_000_000
SAME = ReplayConditions(fills=FillModel.PESSIMISTIC, latency=ASSUMED, seed=CONDITIONS.seed)


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted_tape(tmp_path_factory.mktemp("edge") / "edge.ts_jsonl", reliability=0.9, episodes=12)


@pytest.fixture(scope="module")
def session(tape: Path) -> Path:
    path = tape.parent / "session.journal"
    run = EngineRun(ReplayTape(tape), CONDITIONS, BASE, path)
    run.play()
    return path


def test_trades_of_a_journal_are_those_of_the_run(tape: Path, session: Path) -> None:
    run = EngineRun(ReplayTape(tape), CONDITIONS, BASE, None).play()
    found = trades_in(session)
    assert found.incomplete == 0
    trips = run.trades.round_trips
    assert len(found.trades) == len(trips) > 5
    assert [one.net for one in found.trades] == [trip.net for trip in trips]
    assert [(one.side, one.quantity, one.reason) for one in found.trades] == [
        (trip.side, trip.quantity, trip.reason.value) for trip in trips
    ]
    assert {one.side for one in found.trades} == set(Side)


def test_the_replay_of_the_same_conditions_differs_in_nothing(tape: Path, session: Path) -> None:
    found = explain_session(session, tape, SAME)
    assert found.difference == 0
    assert all(pair.session and pair.replay and pair.difference == 0 for pair in found.pairs)
    assert (found.outside, found.incomplete) == (0, 0)


def test_a_slower_session_differs_in_parts_that_add_up(tape: Path, session: Path) -> None:
    slow = Distribution(((0, 400 * MS), (1_000_000, 400 * MS)))
    found = explain_session(session, tape, msgspec.structs.replace(SAME, latency=slow))
    assert found.difference != 0
    assert found.parts.total == found.difference
    assert found.parts.latency != 0


def test_a_tape_without_the_sessions_symbol_is_refused(session: Path, tmp_path: Path) -> None:
    other = planted_tape(tmp_path / "other.ts_jsonl", reliability=0.9, episodes=2)
    text = other.read_bytes().replace(b"BTCUSDT", b"ETHUSDT").replace(b"btcusdt", b"ethusdt")
    other.write_bytes(text)
    with pytest.raises(InputError, match="holds no book of the session"):
        explain_session(session, other, SAME)


def test_a_session_on_bars_is_refused(tape: Path, tmp_path: Path) -> None:
    limits = effective(Executor.BARS, CAPITAL, {})
    bars = BarSettings(strategy="sma_crossover", timeframe="1m")
    writer = new_journal(tmp_path / "bars.journal", START_NS, "r1")
    writer.event(Started(START_NS, "r1", CAPITAL, None, limits, (CONTRACT,), bars=bars))
    writer.close()
    with pytest.raises(InputError, match="is of a strategy on bars"):
        explain_session(tmp_path / "bars.journal", tape, SAME)


def test_an_open_position_is_counted_and_left_out(tmp_path: Path) -> None:
    write_run(tmp_path / "short.journal")
    found = trades_in(tmp_path / "short.journal")
    assert (found.trades, found.incomplete) == ((), 0)
