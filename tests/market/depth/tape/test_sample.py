"""The embedded tape: made by the program, whole, and named `sample` wherever a tape is asked for."""

import gzip
from pathlib import Path

import pytest

from skills_lib.market.depth.tape.sample import SAMPLE, SAMPLE_TAPE, SYNTHETIC_TAPE, tape_named
from tests.command import Command
from tests.market.depth.sample_tape import SECONDS, lines


def test_the_embedded_tape_is_what_its_generator_writes() -> None:
    assert gzip.decompress(SAMPLE_TAPE.read_bytes()) == lines()


def test_a_file_of_that_name_is_taken_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tape_named(SAMPLE) == SAMPLE_TAPE
    SAMPLE.write_bytes(b"")
    assert tape_named(SAMPLE) == SAMPLE


def test_commands_take_it_from_any_folder_and_say_that_it_is_synthetic(
    twokey: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (("tape", "check", "sample"), ("tape", "info", "sample"), ("scan", "--tape", "sample")):
        done = twokey(*words, "--json")
        assert done.code == 0
        assert SYNTHETIC_TAPE in done.err
        assert str(SAMPLE_TAPE) in done.out or words[0] == "scan"
    (row,) = done.whole["rows"]
    assert all(value is not None for value in row.values())  # long enough for every figure of a scan
    assert SAMPLE_TAPE.stat().st_size < 1_500_000
    assert "SYNTHETIC TAPE" in twokey("tape", "info", "sample").err


def test_its_chain_holds_and_its_book_is_never_crossed(twokey: Command) -> None:
    whole = twokey("tape", "check", "sample", "--json").whole
    assert (whole["chain_breaks"], whole["crossed_books"], whole["malformed"]) == (0, 0, 0)
    assert whole["messages"]["depth"] == 10 * SECONDS
    assert whole["messages"]["trade"] > 300
    assert whole["problems"] == []
