"""Nothing leaves the engine that is not in the journal, and a journal gives the same decisions again."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from live.engine.actions import Action
from live.engine.intents import Intent, Judged
from live.engine.limits import LooserLimitsError
from live.engine.state import EngineState
from live.journal.encoding import body_of, journalled_intent, kind_of, whole
from live.journal.errors import JournalError
from live.journal.opening import memory_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.replaying import DecisionsDifferError, Replayed, replay_journal
from live.journal.settings import Fsync
from live.journal.sinks import FileSink, MemorySink
from live.journal.writer import JournalWriter, NoJournal
from skills_lib.trades.journal.reading import JournalDamagedError, checked_records, read_journal
from tests.live.journal.examples import START_NS, approved, started
from tests.live.journal.runs import BALANCED, BUYING, imbalanced, opening, orders_in, run_engine, short_run, write_run
from tests.trades.journal.journals import Entry, lines_of


class WatchedSink(MemorySink):
    """Notes what is asked of the disk, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def write(self, data: bytes) -> None:
        super().write(data)
        self.calls.append("write")

    def sync(self) -> None:
        self.calls.append("sync")


def written(data: bytes | bytearray) -> list[tuple[int, str, bytes]]:
    """Time, kind and body of all records."""
    records = checked_records(BytesIO(bytes(data)), "a")
    return [(record.time_ns, record.kind, record.body_json) for record in records]


def as_written(action: Action) -> tuple[int, str, bytes]:
    return action.time_ns, kind_of(action), body_of(action, whole(action))


def test_when_actions_are_handed_out_they_and_their_event_are_written() -> None:
    writer, sink = memory_journal(START_NS, "r1")
    engine = RecordedEngine(writer, started())
    for event in short_run():
        actions = engine.step(event)
        if orders_in(actions):
            assert written(sink.data)[-len(actions) :] == [as_written(action) for action in actions]
            assert written(sink.data)[-len(actions) - 1][0] == event.time_ns
            return
    raise AssertionError("the run has no order")


@pytest.mark.parametrize(("policy", "last"), [(Fsync.EACH_ORDER, "sync"), (Fsync.NEVER, "write")])
def test_an_order_leaves_after_what_the_policy_promises(policy: Fsync, last: str) -> None:
    sink = WatchedSink()
    writer = JournalWriter(sink, policy)
    writer.begin(START_NS, "r1")
    engine = RecordedEngine(writer, started())
    with_orders = 0
    for event in short_run():
        before = len(sink.calls)
        if orders_in(engine.step(event)):
            with_orders += 1
            assert sink.calls[-1] == last
            assert "write" in sink.calls[before:]
    assert with_orders
    assert ("sync" in sink.calls) == (policy is Fsync.EACH_ORDER)


def test_with_the_interval_policy_the_disk_is_forced_once_a_second_of_the_journals_time() -> None:
    sink = WatchedSink()
    writer = JournalWriter(sink, Fsync.INTERVAL)
    run_engine(writer)
    span_s = (short_run()[-1].time_ns - START_NS) / 1e9
    assert 1 <= sink.calls.count("sync") <= span_s + 1


def test_where_the_journal_cannot_be_written_no_action_is_handed_out() -> None:
    """`/dev/full` takes no byte."""
    writer = JournalWriter(FileSink(os.open("/dev/full", os.O_WRONLY), Path("a.jsonl")))
    memory, _ = memory_journal(START_NS, "r1")
    engine = RecordedEngine(memory, started())
    for event in [*opening(), imbalanced(1, BALANCED)]:
        engine.step(event)
    engine.journal = writer
    for number in (2, 3, 4):
        with pytest.raises(JournalError, match="No order leaves"):
            engine.step(imbalanced(number, BUYING))


def test_a_run_without_a_journal_decides_the_same() -> None:
    journalled, actions = run_engine(memory_journal(START_NS, "r1")[0])
    bare, same = run_engine(NoJournal())
    assert [as_written(action) for action in same] == [as_written(action) for action in actions]
    assert bare.decisions_sha256 == journalled.decisions_sha256
    assert bare.journal.head == ""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """The journal of a short run with orders."""
    path = tmp_path / "a.jsonl"
    write_run(path)
    return path


def entries(path: Path) -> list[Entry]:
    """All records but the header."""
    return [(record.time_ns, record.kind, record.body) for record in list(read_journal(path))[1:]]


def rewrite(path: Path, changed: list[Entry]) -> None:
    """Another journal, with a chain that holds."""
    head = next(read_journal(path))
    path.write_bytes(b"".join(lines_of(changed, (head.time_ns, head.kind, head.body))))


def test_the_same_journal_gives_the_same_actions(journal: Path) -> None:
    engine, actions = run_engine(NoJournal())
    assert replay_journal(journal) == Replayed(len(short_run()) + 1, len(actions), engine.decisions_sha256, 0)


def changed_action(found: list[Entry]) -> tuple[list[Entry], int]:
    at = next(number for number, entry in enumerate(found) if entry[1] == "order_intent")
    body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found[at][2]))
    body["approved"]["intent"]["quantity"] += 1
    return [*found[:at], (found[at][0], found[at][1], body), *found[at + 1 :]], at


def removed_action(found: list[Entry]) -> tuple[list[Entry], int]:
    at = next(number for number, entry in enumerate(found) if entry[1] == "order_intent")
    return [*found[:at], *found[at + 1 :]], at


def added_action(found: list[Entry]) -> tuple[list[Entry], int]:
    at = next(number for number, entry in enumerate(found) if entry[1] == "market")
    return [*found[:at], (found[at][0], "wake", {"due_ns": 1}), *found[at:]], at


@pytest.mark.parametrize("damage", [changed_action, removed_action, added_action])
def test_a_journal_whose_chain_holds_but_whose_actions_are_not_the_engines_is_found(journal: Path, damage: Any) -> None:
    changed, at = damage(entries(journal))
    rewrite(journal, changed)
    with pytest.raises(DecisionsDifferError, match=rf"^a\.jsonl: line {at + 2}: ") as found:
        replay_journal(journal)
    assert "\n" not in str(found.value)


def test_an_event_before_the_start_is_found(journal: Path) -> None:
    rewrite(journal, entries(journal)[1:])
    with pytest.raises(DecisionsDifferError, match="line 2: no `started` comes before it"):
        replay_journal(journal)


def test_a_journal_that_ends_between_an_event_and_its_actions_says_how_many_are_missing(journal: Path) -> None:
    found = entries(journal)
    at = next(number for number, entry in enumerate(found) if entry[1] == "order_intent")
    rewrite(journal, found[:at])
    assert replay_journal(journal).unwritten > 0


def test_a_second_start_in_a_file_begins_a_new_run(journal: Path) -> None:
    found = entries(journal)
    once = replay_journal(journal)
    rewrite(journal, found * 2)
    assert replay_journal(journal) == once._replace(events=2 * once.events, actions=2 * once.actions)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ((1, "unheard", {}), "is of kind `unheard`, which this version of Twokey does not know"),
        ((1, "mark", {"symbol": 5}), "is no `mark` as this version of Twokey writes it"),
        ((1, "market", {}), "is a block that cannot be unpacked"),
    ],
)
def test_a_record_that_is_no_event_is_found(journal: Path, entry: Entry, message: str) -> None:
    rewrite(journal, [*entries(journal), entry])
    with pytest.raises(JournalDamagedError, match=message):
        replay_journal(journal)


def test_an_order_that_the_gate_refuses_is_held_back_and_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The defect is planted in the engine: it doubles the quantity after risk has approved."""
    writer, sink = memory_journal(START_NS, "r1")
    engine = RecordedEngine(writer, started())
    for event in opening():
        engine.step(event)
    with monkeypatch.context() as patch:
        patch.setattr("live.engine.entries.judge", approve_anything_larger)
        assert orders_in(engine.step(imbalanced(1, BUYING))) == []
    (reason,) = engine.gate_refusals
    assert "above a limit of exposure" in reason
    actions = engine.step(imbalanced(2, BUYING))
    assert orders_in(actions) == []
    assert engine.state.latch is not None
    found = list(checked_records(BytesIO(bytes(sink.data)), "a"))
    (order,) = [record.body["approved"]["intent"]["client_id"] for record in found if record.kind == "order_intent"]
    (answer,) = [record.body for record in found if record.kind == "answered"]
    assert (answer["client_id"], answer["outcome"]) == (order, "rejected")
    (command,) = [record.body for record in found if record.kind == "commanded"]
    assert command == {"command": "kill", "reason": f"gate: {reason}"}
    for number in range(3, 30):
        assert orders_in(engine.step(imbalanced(number, BUYING))) == []
    assert len(engine.gate_refusals) == 1


def approve_anything_larger(intent: Intent, state: EngineState) -> Judged:
    return approved(msgspec.structs.replace(intent, quantity=4 * intent.quantity), state.now_ns)


def test_limits_above_those_of_the_capital_refuse_the_start_and_nothing_is_written() -> None:
    writer, sink = memory_journal(START_NS, "r1")
    event = started()
    looser = msgspec.structs.replace(event.limits, daily_loss=2 * event.limits.daily_loss)
    with pytest.raises(LooserLimitsError):
        RecordedEngine(writer, msgspec.structs.replace(event, limits=looser))
    assert [kind for _, kind, _ in written(sink.data)] == ["journal"]


def test_the_gate_is_given_the_intent_as_the_journal_has_it() -> None:
    order = orders_in(run_engine(NoJournal())[1])[0]
    assert journalled_intent(whole(order)) == order.approved.intent
    assert journalled_intent(whole(order)) is not order.approved.intent
