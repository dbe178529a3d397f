"""`twokey journal` and `twokey why`: answers, exit codes and errors of one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.settings import Settings
from tests.command import Command
from tests.live.journal.examples import START_NS, write_example
from tests.live.journal.runs import orders_in, write_run
from tests.repository import ROOT


@pytest.fixture
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journals") / "a.jsonl"
    write_example(path)
    return path


def test_a_journal_that_holds_is_confirmed_with_its_head(twokey: Command, journal: Path) -> None:
    found = twokey("journal", "verify", str(journal), "--json").answer
    assert (found["run"], found["records"], found["updates"], found["anchored"]) == ("r1", 10, 14, False)
    assert found["head"] == json.loads(journal.read_bytes().splitlines()[-1])["hash"]
    done = twokey("journal", "verify", str(journal), "--head", found["head"])
    assert done.code == 0
    assert "The head given is the last record's." in done.out
    assert "No --head was given" in twokey("journal", "verify", str(journal)).out


def test_an_earlier_head_is_accepted_and_says_how_much_follows(twokey: Command, journal: Path) -> None:
    head = json.loads(journal.read_bytes().splitlines()[3])["hash"]
    assert "6 records follow it" in twokey("journal", "verify", str(journal), "--head", head).out


@pytest.mark.parametrize("verb", ["verify", "show", "replay"])
def test_a_damaged_journal_is_a_failure_and_a_foreign_file_is_bad_input(
    twokey: Command, journal: Path, tmp_path: Path, verb: str
) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:2] + lines[3:]))
    done = twokey("journal", verb, str(journal))
    assert done.code == 1
    assert done.err == "a.jsonl: line 3 is record 3 where 2 is due: records were removed or reordered.\n"
    secret = tmp_path / "secret.txt"
    secret.write_text("password hunter2\n", encoding="utf-8")
    for file in (secret, tmp_path / "missing.jsonl", tmp_path):
        done = twokey("journal", verb, str(file))
        assert done.code == 2
        assert done.err.count("\n") == 1
        assert "hunter2" not in done.err + done.out


def test_a_cut_tail_is_a_failure_where_the_head_is_given(twokey: Command, journal: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    head = json.loads(lines[-1])["hash"]
    journal.write_bytes(b"".join(lines[:-1]))
    assert twokey("journal", "verify", str(journal)).code == 0
    done = twokey("journal", "verify", str(journal), "--head", head)
    assert (done.code, "its end was cut off" in done.err) == (1, True)
    assert twokey("journal", "verify", str(journal), "--head", "abc").code == 2


def test_replay_gives_the_actions_of_the_journal_or_says_where_they_differ(
    twokey: Command, journal: Path, tmp_path: Path
) -> None:
    actions = write_run(tmp_path / "run.jsonl")
    found = twokey("journal", "replay", str(tmp_path / "run.jsonl"), "--json").answer
    assert (found["actions"], found["unwritten"], len(found["decisions_sha256"])) == (len(actions), 0, 64)
    assert "byte for byte" in twokey("journal", "replay", str(tmp_path / "run.jsonl")).out
    done = twokey("journal", "replay", str(journal))
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert done.err.startswith("a.jsonl: line 4: the engine does not decide this `order_intent`.")


def test_the_orders_of_a_run_are_explained(twokey: Command, tmp_path: Path) -> None:
    for order in orders_in(write_run(tmp_path / "run.jsonl")):
        intent = order.approved.intent
        found = twokey("why", intent.client_id, "--journal", str(tmp_path / "run.jsonl"), "--json").answer
        assert found["order"]["client_id"] == intent.client_id
        assert found["decision"] == "approved"
        assert found["book"]["ratio"] == "5"
        assert found["state"]
        assert {use["limit"] for use in found["limits"]} >= {"position", "daily_loss", "drawdown"}


def test_show_prints_one_object_a_record(twokey: Command, journal: Path) -> None:
    lines = twokey("journal", "show", str(journal), "--json").out.splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["sequence"] for record in records] == list(range(10))
    assert {"client_order_id": "r1-1", "side": "BUY", "quantity": "0.1", "price": "60010.5"}.items() <= records[
        3
    ].items()
    since = str(START_NS + 300_000_002)
    assert len(twokey("journal", "show", str(journal), "--json", "--since", since).out.splitlines()) == 4
    assert twokey("journal", "show", str(journal), "--since", "2030-01-01", "--json").out == ""
    assert twokey("journal", "show", str(journal), "--since", "soon").code == 2
    assert twokey("journal", "show", str(journal), "--kind", "nothing").code == 2


def test_show_prints_a_line_a_record(twokey: Command, journal: Path) -> None:
    out = twokey("journal", "show", str(journal), "--books").out
    assert "r1-1  BUY  0.1  60010.5" in out
    assert out.count("  book  ") == 12


def test_why_names_decision_reason_book_and_limits(twokey: Command, journal: Path) -> None:
    found = twokey("why", "r1-1", "--journal", str(journal), "--json").answer
    assert list(found)[:3] == ["order", "decision", "reason"]
    assert found["limits"][0] == {"limit": "position", "used": "6001.05", "allowed": "10000"}
    out = twokey("why", "r1-1", "--journal", str(journal)).out
    assert out.startswith("APPROVED  r1-1 entry BTCUSDT BUY LIMIT IOC quantity 0.1 price 60010.5\n")
    assert "reason: ratio 4.2 is above 3" in out
    assert "daily_loss: lost 501 of 500 USD" in twokey("why", "r1-2", "--journal", str(journal)).out
    assert twokey("why", "r1-9", "--journal", str(journal)).code == 2


def test_why_looks_through_the_journals_of_the_workspace_newest_first(
    twokey: Command, workspace: Settings, journal: Path
) -> None:
    assert twokey("why", "r1-1").code == 2
    for folder in (workspace.replays_dir / "x", workspace.journals_dir):
        folder.mkdir(parents=True)
    older = workspace.replays_dir / "x" / "journal-1.jsonl"
    older.write_bytes(journal.read_bytes())
    (workspace.journals_dir / "other.jsonl").write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    for order_id in ("r1-1", "77", "r1-2", "r1-1S"):
        assert twokey("why", order_id, "--json").answer["journal"] == str(older)
    for order_id in ("r1-9", "7", 'r1-1","x'):
        done = twokey("why", order_id)
        assert (done.code, done.err.count("\n")) == (2, 1)


def test_a_reader_that_has_seen_enough_ends_the_listing_without_a_word(journal: Path) -> None:
    command = (sys.executable, "-c", "from scripts.cli import main; main()", "journal", "show", str(journal), "--books")
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}  # so that the pipe breaks while records are printed
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
