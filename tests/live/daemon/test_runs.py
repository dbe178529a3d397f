"""Runs of a session: their names, which is the newest, and what it leaves to the next one."""

from pathlib import Path

import pytest

from live.account.ledger import DayLedger
from live.control.folder import SessionFolder
from live.daemon.resolving import set_aside, unresolved
from live.daemon.runs import (
    carried_to_next,
    forgive_drawdown,
    journal_of,
    last_run,
    next_run,
    require_no_loss,
    with_ledger,
)
from live.engine.events import CarriedOver, Ended
from live.engine.risk.profit import DAY_NS
from live.journal.opening import new_journal
from live.journal.settings import Fsync
from live.money import SCALE
from skills_lib.domain.errors import CorruptDataError, InputError, TwokeyError
from tests.live.engine.states import LIMITS
from tests.live.journal.examples import START_NS, started

LEFT = CarriedOver(START_NS // DAY_NS, -5 * SCALE, 1, 2, 3, 7 * SCALE)


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    """A session without runs."""
    made = SessionFolder.of(tmp_path, "simulator")
    made.make()
    return made


def write(folder: SessionFolder, run: str, ended: bool, begun: bool = True) -> Path:
    """The journal of a run."""
    path = journal_of(folder.journals, run)
    writer = new_journal(path, START_NS, run, Fsync.NEVER)
    if begun:
        writer.event(started())
    if ended:
        writer.event(Ended(START_NS, "stopped", LEFT))
    writer.close()
    return path


def test_names_are_short_sort_like_times_and_are_never_repeated(folder: SessionFolder) -> None:
    first = next_run(folder.journals, START_NS)
    write(folder, first, ended=True)
    same_second, earlier = next_run(folder.journals, START_NS), next_run(folder.journals, START_NS - 10**12)
    later = next_run(folder.journals, START_NS + 10**10)
    assert first < same_second == earlier < later
    assert {len(first), len(later)} == {7}


def test_a_run_that_ended_leaves_its_day_and_one_that_did_not_has_to_go_on(folder: SessionFolder) -> None:
    assert last_run(folder.journals) is None
    write(folder, "1aaaaaa", ended=True)
    found = last_run(folder.journals)
    assert found
    assert found.carried == LEFT
    unfinished = write(folder, "1aaaaab", ended=False)
    found = last_run(folder.journals)
    assert found
    assert (found.path, found.carried) == (unfinished, None)


def test_a_journal_whose_run_never_began_is_passed_over(folder: SessionFolder) -> None:
    ended = write(folder, "1aaaaaa", ended=True)
    write(folder, "1aaaaab", ended=False, begun=False)
    journal_of(folder.journals, "1aaaaac").write_bytes(b'{"sequence":0,"time')
    found = last_run(folder.journals)
    assert found
    assert found.path == ended


def test_a_torn_end_is_not_an_end(folder: SessionFolder) -> None:
    path = write(folder, "1aaaaaa", ended=True)
    path.write_bytes(path.read_bytes()[:-2])
    found = last_run(folder.journals)
    assert found
    assert found.carried is None


def test_a_damaged_journal_is_no_reason_for_a_new_run(folder: SessionFolder) -> None:
    path = write(folder, "1aaaaaa", ended=True)
    path.write_bytes(path.read_bytes().replace(b'"capital"', b'"capitol"'))
    with pytest.raises(CorruptDataError):
        last_run(folder.journals)


def test_a_reset_forgives_the_drawdown_of_the_runs_before_and_not_the_days_loss(folder: SessionFolder) -> None:
    write(folder, "1aaaaaa", ended=True)
    forgive_drawdown(folder)
    found = last_run(folder.journals)
    assert found
    assert carried_to_next(folder, found) == CarriedOver(LEFT.day, LEFT.profit, 1, 2, 3, 0)
    write(folder, "1aaaaab", ended=True)
    found = last_run(folder.journals)
    assert found
    assert carried_to_next(folder, found) == LEFT


@pytest.mark.parametrize(
    ("carried", "ledger", "expected"),
    [
        (None, 0, None),
        (None, 5, None),
        (None, -5, CarriedOver(10, -5, 0, 0, 0, 0)),
        (CarriedOver(10, -3, 1, 2, 3, 4), -5, CarriedOver(10, -5, 1, 2, 3, 4)),
        (CarriedOver(10, -3, 1, 2, 3, 4), 9, CarriedOver(10, -3, 1, 2, 3, 4)),
        (CarriedOver(9, -3, 1, 2, 3, 4), -5, CarriedOver(10, -5, 0, 0, 0, 4)),
        (CarriedOver(9, -3, 1, 2, 3, 0), 0, None),
    ],
)
def test_of_the_days_profit_the_worse_account_counts(
    carried: CarriedOver | None, ledger: int, expected: CarriedOver | None
) -> None:
    assert with_ledger(carried, DayLedger(0, ledger), 10 * DAY_NS + 1) == expected


def test_no_run_begins_on_a_day_whose_loss_is_reached() -> None:
    lost = CarriedOver(10, -LIMITS.daily_loss, 0, 0, 0, 0)
    require_no_loss(None, LIMITS, 10 * DAY_NS)
    require_no_loss(lost, LIMITS, 11 * DAY_NS)
    require_no_loss(CarriedOver(10, -LIMITS.daily_loss + 1, 0, 0, 0, 0), LIMITS, 10 * DAY_NS)
    with pytest.raises(TwokeyError, match="Start again after midnight UTC"):
        require_no_loss(lost, LIMITS, 11 * DAY_NS - 1)


def test_a_run_that_a_person_has_ended_is_kept_and_no_start_goes_on_with_it(folder: SessionFolder) -> None:
    content = write(folder, "1aaaaaa", ended=False).read_bytes()
    kept = set_aside(folder, unresolved(folder))
    assert kept.read_bytes() == content
    assert last_run(folder.journals) is None
    assert next_run(folder.journals, 0) == "1aaaaab"


def test_a_damaged_run_can_be_ended(folder: SessionFolder) -> None:
    path = write(folder, "1aaaaaa", ended=False)
    path.write_bytes(path.read_bytes().replace(b'"started"', b'"stopped"'))
    assert unresolved(folder) == path


@pytest.mark.parametrize("runs", [(), ("1aaaaaa",)])
def test_where_every_run_has_ended_there_is_nothing_to_end(folder: SessionFolder, runs: tuple[str, ...]) -> None:
    for run in runs:
        write(folder, run, ended=True)
    with pytest.raises(InputError, match="Nothing was changed"):
        unresolved(folder)


def test_a_journal_that_was_set_aside_before_is_not_written_over(folder: SessionFolder) -> None:
    set_aside(folder, write(folder, "1aaaaaa", ended=False))
    again = write(folder, "1aaaaaa", ended=False)
    with pytest.raises(FileExistsError):
        set_aside(folder, again)
    assert again.exists()
