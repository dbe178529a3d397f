"""Short runs of the engine with its journal."""

from pathlib import Path

from live.engine.actions import Action, PlaceOrder
from live.engine.events import (
    BookChanged,
    Command,
    Commanded,
    Connection,
    Event,
    MarkChanged,
    StreamKind,
)
from live.journal.opening import new_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.settings import Fsync
from live.journal.writer import Journal
from live.money import SCALE
from tests.live.journal.examples import START_NS, started

BALANCED, BUYING = 1, 5


def imbalanced(number: int, ratio: int) -> BookChanged:
    """A book of five levels with `ratio` times as much bid as asked, a tick apart."""
    time_ns = START_NS + number * 100_000_000
    bids = tuple(value for level in range(5) for value in (60_000 * SCALE - level * SCALE // 10, ratio * SCALE))
    asks = tuple(value for level in range(5) for value in (60_000 * SCALE + (level + 1) * SCALE // 10, SCALE))
    return BookChanged(time_ns, "BTCUSDT", time_ns - 5_000_000, 9_000_000 + number, True, bids, asks)


def opening() -> list[Event]:
    """Both streams up, and a mark price."""
    return [
        Connection(START_NS + 1, StreamKind.MARKET, True),
        Connection(START_NS + 2, StreamKind.USER, True),
        MarkChanged(START_NS + 3, "BTCUSDT", START_NS, 60_000 * SCALE),
    ]


def short_run() -> list[Event]:
    """Quiet books, a signal to buy, more books, and a person's command to kill."""
    books = [imbalanced(number, BUYING if number == 5 else BALANCED) for number in range(1, 12)]
    return [*opening(), *books, Commanded(START_NS + 2_000_000_000, Command.KILL, "a test"), imbalanced(30, BALANCED)]


def run_engine(journal: Journal) -> tuple[RecordedEngine, list[Action]]:
    """The engine after a short run, and all that it wanted."""
    engine = RecordedEngine(journal, started())
    return engine, [action for event in short_run() for action in engine.step(event)]


def orders_in(actions: list[Action]) -> list[PlaceOrder]:
    return [action for action in actions if isinstance(action, PlaceOrder)]


def write_run(path: Path) -> list[Action]:
    """The journal of a short run; its actions, orders among them."""
    writer = new_journal(path, START_NS, "r1", Fsync.NEVER)
    _, actions = run_engine(writer)
    writer.close()
    assert orders_in(actions)
    return actions
