"""A client that dies at any record of its journal goes on as if it had only lost contact."""

from itertools import count
from pathlib import Path

import pytest

from live.daemon.recovery import recover
from live.engine.events import Command, Commanded
from live.journal.opening import new_journal
from live.journal.recorded_engine import RecordedEngine
from live.journal.replaying import DecisionsDifferError
from live.journal.settings import Fsync
from live.journal.writer import Journal
from skills_lib.trades.journal.reading import JournalDamagedError
from tests.live.daemon.lives import DEAD_NS, FIRST, RUN, Death, DiedError, World, died, faults_of, survive
from tests.live.journal.examples import START_NS, started

SEED, STEPS = 3, 40


@pytest.mark.parametrize(("death", "every"), [(Death.AFTER, 1), (Death.TORN, 5)])
def test_a_client_that_dies_at_any_record_goes_on_and_agrees_with_the_exchange(
    death: Death, every: int, tmp_path: Path
) -> None:
    lives = 0
    for at in count(FIRST, every):
        world = World(tmp_path / f"{at}.journal", SEED, STEPS)
        if not survive(world, at, death):
            break
        assert faults_of(world) == []
        lives += 1
    assert lives > 60 // every
    assert world.engine.state.day.trades


class MortalJournal:
    """Ends the process before its record number `at`, counted from the recovery."""

    def __init__(self, writer: Journal, at: int) -> None:
        self._writer, self._left = writer, at

    @property
    def head(self) -> str:
        """The writer's."""
        return self._writer.head

    def event(self, event: object) -> None:
        """Write, or die."""
        self._live()
        self._writer.event(event)  # type: ignore[arg-type]

    def entry(self, entry: object, encoded: bytes) -> None:
        """Write, or die."""
        self._live()
        self._writer.entry(entry, encoded)  # type: ignore[arg-type]

    def flush(self, time_ns: int, leaving: bool = False) -> None:
        """Write what is collected."""
        self._writer.flush(time_ns, leaving)

    def _live(self) -> None:
        if not self._left:
            raise DiedError
        self._left -= 1


@pytest.mark.parametrize("again", [0, 1, 2, 4, 7])
def test_a_client_that_dies_again_while_it_recovers_goes_on(again: int, tmp_path: Path) -> None:
    for at in range(8, 60, 13):
        world = World(tmp_path / f"{at}.journal", SEED, STEPS)
        world.begin(at, Death.AFTER)
        assert died(world.live)
        world.die(DEAD_NS[0])
        assert died(lambda world=world: world.go_on(lambda writer: MortalJournal(writer, again)))
        world.die(DEAD_NS[1])
        world.go_on()
        assert faults_of(world) == []


def test_a_latch_survives_and_the_kill_is_carried_through(tmp_path: Path) -> None:
    world = World(tmp_path / "a.journal", 2, 60)
    world.begin()
    world.session.start()
    while not any(position.quantity for position in world.engine.state.positions.values()):
        world.session.advance(world.venue.now_ns + 50_000_000)
    world.writer._sink.at = world.writer._sink.writes + 1  # type: ignore[attr-defined]
    assert died(lambda: world.session.take(Commanded(world.wire.now_ns, Command.KILL, "test")))
    world.die(DEAD_NS[1])
    world.resume()
    latch, known = world.engine.state.latch, len(world.entries)
    assert latch
    assert latch.flatten
    world.play()
    assert len(world.entries) == known
    world.end()
    assert faults_of(world) == []


def test_a_journal_without_a_start_has_no_run(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    new_journal(path, START_NS, RUN, Fsync.NEVER).close()
    assert recover(path) is None


def test_a_journal_that_another_version_would_not_write_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    writer = new_journal(path, START_NS, RUN, Fsync.NEVER)
    RecordedEngine(writer, started())
    writer.event(Commanded(START_NS, Command.KILL, "test"))
    writer.event(Commanded(START_NS, Command.KILL, "test"))
    writer.close()
    with pytest.raises(DecisionsDifferError, match="line 4"):
        recover(path)


def test_a_journal_that_is_damaged_before_its_end_is_left_as_it_is(tmp_path: Path) -> None:
    world = World(tmp_path / "a.journal", SEED, STEPS)
    world.begin()
    world.session.start()
    world.play()
    world.end()
    data = bytearray(world.journal.read_bytes())
    data[len(data) // 2] ^= 1
    world.journal.write_bytes(bytes(data))
    with pytest.raises(JournalDamagedError):
        recover(world.journal)
    assert world.journal.read_bytes() == bytes(data)
