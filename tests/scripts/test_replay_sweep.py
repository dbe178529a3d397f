"""Ranges of a replay's sweep are exact, bounded, and refused in one line."""

import pytest

from scripts.replay.sweep import MAX_COMBINATIONS, combinations
from skills_lib.domain.errors import InputError


def test_a_range_includes_both_ends_in_exact_decimals() -> None:
    assert [one["buy_ratio"] for one in combinations(["buy_ratio=2:5:0.5"])] == [
        "2", "2.5", "3", "3.5", "4", "4.5", "5",
    ]  # fmt: skip
    assert [one["x"] for one in combinations(["x=0.1:0.35:0.1"])] == ["0.1", "0.2", "0.3", "0.35"]
    assert [one["x"] for one in combinations(["x=10:30:10"])] == ["10", "20", "30"]


def test_ranges_are_combined_and_words_are_kept() -> None:
    assert combinations(["depth=3,5", "entry=taker,post-only"]) == [
        {"depth": "3", "entry": "taker"},
        {"depth": "3", "entry": "post-only"},
        {"depth": "5", "entry": "taker"},
        {"depth": "5", "entry": "post-only"},
    ]
    assert combinations([]) == []


@pytest.mark.parametrize(
    "text",
    ["depth", "depth=", "=3", "depth=5:3:1", "depth=1:5:0", "depth=1:5", "depth=1:x:1", "depth=nan:5:1",
     "depth=1:1e300:1", "depth=1:2:1e-9", f"depth=1:{MAX_COMBINATIONS + 1}:1"],
)  # fmt: skip
def test_a_wrong_range_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^--sweep [^\n]*$|^The sweep has [^\n]*$"):
        combinations([text])


def test_a_name_given_twice_and_too_many_combinations_are_refused() -> None:
    with pytest.raises(InputError, match="given twice"):
        combinations(["depth=1,2", "depth=3"])
    with pytest.raises(InputError, match="2,500 combinations"):
        combinations(["a=1:50:1", "b=1:50:1"])
