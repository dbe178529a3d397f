"""A study that was ended goes on where it ended, unless the code has changed."""

from pathlib import Path

from tests.live.studying import StudyJournal


def test_finished_blocks_are_known_again(tmp_path: Path) -> None:
    journal = StudyJournal.open(tmp_path / "answers" / "journal", "code")
    journal.add(1, {"failed": {"7": "exposure"}})
    journal.add(51, {"failed": {}})
    again = StudyJournal.open(journal.path, "code")
    assert again.blocks == {1: {"first": 1, "failed": {"7": "exposure"}}, 51: {"first": 51, "failed": {}}}


def test_a_block_whose_line_was_cut_by_a_kill_is_run_again(tmp_path: Path) -> None:
    journal = StudyJournal.open(tmp_path / "journal", "code")
    journal.add(1, {})
    journal.add(51, {})
    text = journal.path.read_text(encoding="utf-8")
    journal.path.write_text(text[:-4], encoding="utf-8")
    assert list(StudyJournal.open(journal.path, "code").blocks) == [1]


def test_other_code_begins_anew(tmp_path: Path) -> None:
    StudyJournal.open(tmp_path / "journal", "code").add(1, {})
    assert not StudyJournal.open(tmp_path / "journal", "other code").blocks
    assert not StudyJournal.open(tmp_path / "journal", "code").blocks
