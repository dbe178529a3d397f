"""What is written is read back, in its order."""

from pathlib import Path

from live.engine.events import BookChanged, Event, MarkChanged
from live.journal.encoding import event_of, event_of_record
from live.journal.opening import new_journal
from skills_lib.trades.journal.format import MARKET
from skills_lib.trades.journal.market.unpacking import updates_of
from skills_lib.trades.journal.reading import read_journal
from tests.live.journal.examples import START_NS, book, mark, started, tick


def events_of(path: Path) -> list[Event]:
    """All events of a journal, blocks expanded."""
    found: list[Event] = []
    for record in list(read_journal(path))[1:]:
        if record.kind == MARKET:
            found += [event_of(*update) for update in updates_of(record.body_json)]
        else:
            found.append(event_of_record(record))
    return found


def test_events_are_read_back_equal_and_in_their_order(tmp_path: Path) -> None:
    events: list[Event] = [
        started(),
        book(1),
        book(1, "ETHUSDT", 3),
        mark(2),
        tick(3),
        book(4),
        mark(4),
        book(5),
        tick(6),
    ]
    writer = new_journal(tmp_path / "run.journal", START_NS, "r1")
    for event in events:
        writer.event(event)
    writer.close()
    assert events_of(tmp_path / "run.journal") == events


def test_a_number_above_64_bits_is_written_as_a_record_of_its_own_in_its_place(tmp_path: Path) -> None:
    huge = MarkChanged(START_NS, "BTCUSDT", 0, 2**80)
    wide = BookChanged(START_NS, "BTCUSDT", 0, 1, True, (2**64, 1), ())
    events: list[Event] = [started(), book(1), huge, book(2), wide, mark(3)]
    writer = new_journal(tmp_path / "run.journal", START_NS, "r1")
    for event in events:
        writer.event(event)
    writer.close()
    assert events_of(tmp_path / "run.journal") == events
