"""A strategy on bars at the local exchange: it trades the bars that a backtest trades, and its journal replays."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from live.engine.events import Command, Commanded
from live.engine.intents import Purpose
from live.enums import Side
from live.journal.replaying import replay_journal
from skills_lib.backtest.kernel.run import run_kernel
from skills_lib.backtest.model import BacktestSettings
from strategies.sma_crossover import SmaCrossover
from tests.live.bars.sessions import FAST, MINUTE_NS, SYMBOL, BarSession, S, open_bars

MINUTES = 24
SIDES = {"long": Side.BUY, "short": Side.SELL}


@dataclass
class Looked:
    """A look at the account: what the engine holds, and stops at the exchange."""

    quantity: int
    exit_reason: str
    stops: int


@pytest.fixture(scope="module")
def run() -> tuple[BarSession, list[Looked]]:
    """A run of 23 minutes, looked at every five seconds."""
    opened, looks = open_bars(MINUTES), list[Looked]()
    position = opened.engine.state.positions[SYMBOL]
    for _ in range((MINUTES - 1) * 12):
        opened.run(1 / 12)
        looks.append(Looked(position.quantity, position.exit_reason, len(opened.watch.stops.get(SYMBOL, {}))))
    return opened, looks


def test_each_closed_bar_is_decided_on_once_within_a_second_of_its_close(run: tuple[BarSession, list[Looked]]) -> None:
    opened = run[0]
    closes = [decided.bar_close_ns for decided in opened.decided()]
    assert closes == list(range(closes[0], closes[0] + len(closes) * MINUTE_NS, MINUTE_NS))
    assert len(closes) >= MINUTES - 2
    assert all(0 <= decided.time_ns - decided.bar_close_ns < S for decided in opened.decided())
    assert not opened.reported()


def test_it_enters_the_bars_and_sides_of_the_backtest(run: tuple[BarSession, list[Looked]]) -> None:
    opened = run[0]
    bars = opened.listed()
    trades = run_kernel(SmaCrossover, bars, FAST, BacktestSettings(cash=1e9, fractional_unit=1e-6)).trades
    opens = [int(bars.open_time_ns[bar]) for bar in trades["entry_bar"]]
    expected = list(zip(opens, [SIDES[side] for side in trades["side"]], strict=True))
    assert len(expected) >= 5
    assert [(time_ns // MINUTE_NS * MINUTE_NS, side) for time_ns, side in opened.entries()] == expected


def test_its_journal_replays_to_the_byte_without_the_strategy(
    run: tuple[BarSession, list[Looked]], tmp_path: Path
) -> None:
    opened, path = run[0], tmp_path / "run.journal"
    opened.engine.journal.flush(opened.now_ns)
    path.write_bytes(bytes(opened.journal.data))
    replayed = replay_journal(path)
    assert replayed.decisions_sha256 == opened.engine.decisions_sha256
    assert (replayed.unwritten, replayed.actions > 100) == (0, True)


def test_each_position_has_one_stop_at_the_exchange_and_no_stop_outlives_it(
    run: tuple[BarSession, list[Looked]],
) -> None:
    opened, looks = run
    assert {look.stops for look in looks if look.quantity and not look.exit_reason} == {1}
    assert {look.stops for look in looks if not look.quantity} == {0}
    assert sum(bool(look.quantity) for look in looks) > 100
    assert opened.watch.violations == []
    assert not opened.engine.gate_refusals
    assert opened.engine.state.latch is None


def test_a_reversal_takes_less_than_two_seconds(run: tuple[BarSession, list[Looked]]) -> None:
    opened = run[0]
    entries, exits = opened.entries(), [order for order in opened.orders if _leaves(order.approved.intent.purpose)]
    assert len(exits) >= len(entries) - 1
    for (entered_ns, _), left in zip(entries[1:], exits, strict=False):
        assert 0 < entered_ns - left.time_ns < 2 * S


def _leaves(purpose: Purpose) -> bool:
    return purpose is Purpose.EXIT


def test_a_kill_closes_what_a_bar_opened_and_later_bars_open_nothing() -> None:
    opened = open_bars(12)
    while not opened.engine.state.positions[SYMBOL].quantity:
        opened.run(0.1)
    opened.session.take(Commanded(opened.now_ns, Command.KILL, "a test"))
    before = len(opened.entries())
    opened.run(3)
    assert opened.engine.state.positions[SYMBOL].quantity == 0
    assert len(opened.entries()) == before
    assert opened.watch.violations == []
