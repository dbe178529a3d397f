"""Text and tables in any number of columns: no word is broken, lost or moved away from its heading."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.tables.layout import Cell, Column, flow, pairs, table, width_of, wrap
from scripts.tables.screen import Screen

WORDS = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30)
TEXTS = st.lists(WORDS, min_size=1, max_size=20).map(" ".join)
COLUMNS = [Column("run"), Column("return", right=True), Column("verdict")]


def as_text(lines: list) -> str:  # type: ignore[type-arg]
    return "\n".join(line.text for line in lines)


@pytest.mark.hypothesis
@settings(max_examples=60)
@given(TEXTS, st.integers(20, 200))
def test_wrapped_text_keeps_its_words_and_its_width(text: str, width: int) -> None:
    lines = wrap(text, width, "  ")
    assert " ".join(lines).split() == text.split()
    for line in lines:
        assert width_of(line) <= width or len(line.split()) == 1


@pytest.mark.hypothesis
@settings(max_examples=60)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5), st.integers(20, 200))
def test_a_table_keeps_every_word_of_every_row(rows: list[tuple[str, str, str]], width: int) -> None:
    shown = as_text(table(COLUMNS, [[Cell(text) for text in row] for row in rows], width))
    found = shown.split()
    for row in rows:
        for text in row:
            for word in text.split():
                assert word in found
    for line in shown.splitlines():
        assert width_of(line) <= width or max(map(width_of, line.split())) > width - 4


def test_a_unit_stays_with_its_number() -> None:
    for width in range(20, 60):
        for line in wrap("Return -85.9 % is below 27.9 % at 20.0 bps per side over 696.75 days of 5 UTC", width):
            assert not line.startswith(("%", "bps", "days", "UTC"))


def test_rows_that_fit_are_aligned_and_others_stacked_behind_their_headings() -> None:
    rows = [[Cell("8f3a2b1c"), Cell("-85.92 %"), Cell("WEAK")], [Cell("1"), Cell("7.00 %"), Cell("SOLID")]]
    wide = as_text(table(COLUMNS, rows, 80)).splitlines()
    assert wide[0].split() == ["run", "return", "verdict"]
    assert {line.index("%") for line in wide[1:]} == {wide[1].index("%")}
    assert as_text(table(COLUMNS, rows, 20)).splitlines() == [
        "run 8f3a2b1c",
        "  return -85.92 %",
        "  verdict WEAK",
        "run 1  return 7.00 %",
        "  verdict SOLID",
    ]


def test_a_long_name_is_wrapped_before_the_table_is_stacked() -> None:
    rows = [[Cell("Probability of backtest overfitting"), Cell("0.819"), Cell("FAIL")]]
    lines = as_text(table([Column("rule"), Column("figure", right=True), Column("")], rows, 42)).splitlines()
    assert lines[0].split() == ["rule", "figure"]
    assert lines[1].endswith("FAIL")
    assert lines[2].split() == ["overfitting"]


def test_wide_characters_take_two_columns() -> None:
    assert width_of("戦略 x") == 6
    assert all(width_of(line) <= 20 for line in wrap("戦略 " * 20, 20))
    lines = as_text(
        table([Column("a"), Column("b")], [[Cell("戦略"), Cell("x")], [Cell("ab"), Cell("y")]], 40)
    ).splitlines()
    assert width_of(lines[1].partition("x")[0]) == width_of(lines[2].partition("y")[0])


def test_pairs_are_beside_one_another_where_they_fit() -> None:
    rows = [[("Return", "1 %"), ("Trades", "5")], [("Sharpe", "0.3"), ("Win rate", "40 %")]]
    assert as_text(pairs(rows, 60)).splitlines()[0].split() == ["Return", "1", "%", "Trades", "5"]
    assert [line.split()[0] for line in as_text(pairs(rows, 20)).splitlines()] == ["Return", "Sharpe", "Trades", "Win"]


def test_parts_are_not_torn_apart_where_they_fit_a_line() -> None:
    lines = [line.text for line in flow([Cell("gaps 1"), Cell("missing bars 2"), Cell("zero volume 3")], 20)]
    assert lines == ["gaps 1", "  missing bars 2", "  zero volume 3"]


def test_a_name_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(80).text("evil\x1b[2Jname\x07 \x9b31m")
    assert capsys.readouterr().out == "evil?[2Jname? ?31m\n"


def test_colours_are_for_terminals_and_not_with_no_color(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    Screen(80).text("FAIL", "bold red")
    assert capsys.readouterr().out == "\x1b[1;31mFAIL\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    Screen(80).text("FAIL", "bold red")
    assert capsys.readouterr().out == "FAIL\n"


@pytest.mark.parametrize("columns", ["0", "-3", "many", "1"])
def test_an_absurd_width_is_no_failure(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Screen().width >= 20
