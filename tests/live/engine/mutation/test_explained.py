"""A mutant that survives needs a test or a reason, and a reason needs a survivor."""

from pathlib import Path

import pytest

from tests.live.engine.mutation.explained import (
    Explanation,
    Survivor,
    explanations,
    survivor,
    unexplained,
    unneeded,
)
from tests.repository import ROOT

BEFORE = "def f(a):\n    if a <= 0:\n        return 1\n    return 2\n"
ROW = Explanation("m.py", "if a <= 0:", ("if a < 1:", "if not a > 0:"), "a is whole")


def test_a_mutant_is_known_by_the_line_that_it_changes() -> None:
    changed = survivor("m.py", BEFORE, BEFORE.replace("<= 0", "< 1"))
    assert changed == Survivor("m.py", "if a <= 0:", "if a < 1:")


def test_a_survivor_is_explained_in_the_form_that_the_table_has_and_in_no_other() -> None:
    known, other = Survivor("m.py", ROW.old, ROW.new[0]), Survivor("m.py", ROW.old, "if a < 0:")
    assert unexplained([known, other, other], [ROW]) == [other]
    assert unexplained([Survivor("n.py", ROW.old, ROW.new[0])], [ROW]) != []


def test_an_explanation_of_what_a_test_sees_is_found() -> None:
    assert unneeded([Survivor("m.py", ROW.old, ROW.new[0])], [ROW]) == [Survivor("m.py", ROW.old, ROW.new[1])]


def test_a_row_without_a_reason_is_no_explanation(tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    table.write_text('[[explained]]\nmodule = "m.py"\nold = "a"\nnew = ["b"]\n', encoding="utf-8")
    with pytest.raises(KeyError, match="reason"):
        explanations(table)


@pytest.mark.parametrize("row", explanations(), ids=lambda row: f"{row.module}: {row.old}")
def test_the_table_is_of_the_sources_as_they_are(row: Explanation) -> None:
    lines = [line.strip() for line in (ROOT / row.module).read_text(encoding="utf-8").splitlines()]
    assert row.old in lines, "the line has changed: run make study-mutation, and mend or delete its explanation"
    assert row.old not in row.new
    assert len(row.reason) > 20
