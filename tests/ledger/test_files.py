"""The ledger's files never undercount after a kill, copy, deletion or edit, and report every reset."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backtest.sweep.processes import ROOT
from tests.ledger.ledgers import CONTEXT, LedgerFixture, keys


@pytest.fixture
def fixture(tmp_path: Path) -> LedgerFixture:
    return LedgerFixture(tmp_path / "user", tmp_path / "home")


# Killed, and several at once


RESERVING = """
import sys
from pathlib import Path
import numpy as np
from skills_lib.backtest.sweep.open import open_evaluator
from skills_lib.ledger.ledger import Ledger
from skills_lib.domain.time import DAY_NS
from skills_lib.ledger.model import CandleIdentity, EvaluationContext
user, home, first, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
data = CandleIdentity("BTCUSDT", "1h", False, 0, 1000 * DAY_NS, "d" * 64)
context = EvaluationContext("a test", "sma", "c" * 64, "5" * 64, data)
for key in range(first, first + number):
    keys = np.array([key, 0], dtype=np.uint64)
    Ledger(user / "trials.sqlite", home).reserve(context, keys)
    print(key, flush=True)
"""


def reserving(fixture: LedgerFixture, first: int, number: int) -> "subprocess.Popen[str]":
    """A process that reserves one key after the other and prints each once it is in the ledger."""
    arguments = [str(fixture.user), str(fixture.home), str(first), str(number)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RESERVING, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_processes_that_write_at_once_lose_nothing(fixture: LedgerFixture, tmp_path: Path) -> None:
    other = LedgerFixture(fixture.user, tmp_path / "other home")
    writers = [reserving(fixture, 100, 25), reserving(fixture, 200, 25), reserving(other, 300, 25)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert fixture.count() == other.count() == 1 + 75
    assert fixture.notices == other.notices == []


def test_reservations_survive_a_kill_in_both_files(fixture: LedgerFixture) -> None:
    printed = 0
    for first in (1000, 2000, 3000):
        writer = reserving(fixture, first, 100_000)
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(5)]
        writer.kill()
        printed += len(lines) + len(writer.stdout.read().splitlines())
        writer.wait()
    assert printed + 1 <= fixture.count() <= printed + 1 + 3  # of each writer one may be written and not yet printed
    assert fixture.notices == []


# Copied, deleted, edited


def test_a_copied_workspace_and_its_original_count_each_others_trials(fixture: LedgerFixture, tmp_path: Path) -> None:
    fixture.ledger.reserve(CONTEXT, keys(1, 2))
    copied = LedgerFixture(fixture.user, tmp_path / "copy")
    shutil.copytree(fixture.home, copied.home)
    copied.ledger.reserve(CONTEXT, keys(3))
    fixture.ledger.reserve(CONTEXT, keys(4))
    assert fixture.count() == copied.count() == 4
    assert fixture.notices == copied.notices == []


def test_a_workspace_copied_to_another_user_brings_its_trials_along_and_says_so(
    fixture: LedgerFixture, tmp_path: Path
) -> None:
    fixture.ledger.reserve(CONTEXT, keys(1, 2))
    moved_to = LedgerFixture(tmp_path / "another user", tmp_path / "copy")
    shutil.copytree(fixture.home, moved_to.home)
    assert moved_to.count() == 2
    moved_to.ledger.reserve(CONTEXT, keys(3))
    shutil.rmtree(moved_to.home)
    assert moved_to.count() == 3
    moved_to.ledger.reserve(CONTEXT, keys(3))
    assert moved_to.count() == 3


@pytest.mark.parametrize("gone", ["user", "workspace"])
def test_a_deleted_file_loses_nothing_and_is_reported_from_then_on(fixture: LedgerFixture, gone: str) -> None:
    fixture.ledger.reserve(CONTEXT, keys(1, 2))
    fixture.files[gone].unlink()
    assert fixture.count() == 2
    (notice,) = fixture.notices
    assert f"{fixture.files[gone]} is missing: it was reset after" in notice
    fixture.ledger.reserve(CONTEXT, keys(3))
    assert fixture.count() == 3
    for _ in range(2):
        (notice,) = fixture.notices
        assert "was reset at" in notice
        assert str(fixture.files[gone]) in notice
    other = next(path for name, path in fixture.files.items() if name != gone)
    other.unlink()
    assert fixture.count() == 3


@pytest.mark.parametrize("damaged", ["user", "workspace"])
def test_an_invalid_ledger_file_is_renamed_and_restored_from_the_other(fixture: LedgerFixture, damaged: str) -> None:
    fixture.ledger.reserve(CONTEXT, keys(1, 2))
    fixture.files[damaged].write_bytes(b"not a database at all" * 500)
    assert fixture.count() == 2
    assert any("cannot be read" in notice for notice in fixture.notices)
    fixture.ledger.reserve(CONTEXT, keys(3))
    assert fixture.count() == 3
    assert any("was reset at" in notice for notice in fixture.notices)
    assert len(list(fixture.files[damaged].parent.glob("*.broken-*"))) == 1


@pytest.mark.parametrize("file", ["user", "workspace"])
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM entries WHERE sequence = 2", "was truncated"),
        ("DELETE FROM entries WHERE sequence = 3", "was truncated"),
        ("DELETE FROM entries", "was truncated"),
        ("UPDATE entries SET payload = x'' WHERE sequence = 2", "was edited"),
        ("UPDATE entries SET body = '{}' WHERE sequence = 1", "was edited"),
        ("UPDATE entries SET at = '2020-01-01T00:00:00' WHERE sequence = 1", "was edited"),
    ],
)
def test_an_edited_file_is_noticed_and_the_union_counts(
    fixture: LedgerFixture, file: str, statement: str, message: str
) -> None:
    for key in (1, 2, 3):
        fixture.ledger.reserve(CONTEXT, keys(key))
    with closing(sqlite3.connect(fixture.files[file])) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        connection.execute("DROP TRIGGER nothing_is_deleted")
        connection.execute("DROP TRIGGER nothing_is_changed")
        connection.execute(statement)
        connection.commit()
    assert fixture.count() == 3
    assert any(message in notice and str(fixture.files[file]) in notice for notice in fixture.notices)
    fixture.ledger.reserve(CONTEXT, keys(4))
    assert fixture.count() == 4
    assert any(str(fixture.files[file]) in notice for notice in fixture.notices)


LOSSES = ["a", "b", "lose a", "lose b", "lose user"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "lose a", "lose b", "lose user"]), st.integers(0, 30)), max_size=8)
)
def test_no_loss_of_one_file_at_a_time_makes_the_count_too_low(
    tmp_path_factory: pytest.TempPathFactory, work: Sequence[tuple[str, int]]
) -> None:
    folder, tried = tmp_path_factory.mktemp("workspaces"), {99}
    fixtures = {name: LedgerFixture(folder / "user", folder / name) for name in ("a", "b")}
    for one in fixtures.values():
        one.ledger.reserve(CONTEXT, keys(99))
    for what, key in work:
        if what in fixtures:
            fixtures[what].ledger.reserve(CONTEXT, keys(key))
            tried.add(key)
        else:
            deleted = what.removeprefix("lose ")
            (folder / "user" / "trials.sqlite" if deleted == "user" else fixtures[deleted].files["workspace"]).unlink()
            for one in fixtures.values():  # the next write of either restores the deleted file
                one.ledger.reserve(CONTEXT, keys(99))
        assert {one.count() for one in fixtures.values()} == {len(tried)}


def test_a_ledger_of_a_newer_format_is_refused_rather_than_miscounted(fixture: LedgerFixture) -> None:
    fixture.ledger.reserve(CONTEXT, keys(1))
    with closing(sqlite3.connect(fixture.files["user"])) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(Exception, match="has format 2"):
        fixture.ledger.reserve(CONTEXT, keys(2))


def test_results_older_than_the_ledger_show_that_both_files_were_deleted(fixture: LedgerFixture) -> None:
    fixture.ledger.reserve(CONTEXT, keys(1, 2))
    stored = fixture.home / "backtests" / "optimizations" / "sma_crossover-2024-01-01-0123456789abcdef"
    stored.mkdir(parents=True)
    (stored / "result.json").write_text("{}")
    assert fixture.notices == []
    for path in fixture.files.values():
        path.unlink()
    assert "1 stored results" in fixture.notices[0]
    fixture.ledger.reserve(CONTEXT, keys(3))
    (notice,) = fixture.notices
    assert "are older than the first entry" in notice
    assert "both of its files were reset" in notice
