"""docs/replay.md says what the program does: its limits, words, counts and horizons."""

from live.replay.figures.intervals import DEPENDENCE_NS, MIN_FOR_INTERVAL
from live.replay.figures.verdict import MIN_TRADES, VerdictWord
from live.replay.report.method import METHOD_LIMITS
from live.replay.round_trips import MARKOUT_HORIZONS_NS
from tests.repository import ROOT

PAGE = " ".join((ROOT / "docs" / "replay.md").read_text(encoding="utf-8").split())


def test_the_limits_of_the_method_are_those_that_are_printed() -> None:
    assert [limit for limit in METHOD_LIMITS if f"- {limit}" not in PAGE] == []


def test_every_word_of_the_verdict_is_explained() -> None:
    assert [word for word in VerdictWord if f"| `{word.value}` |" not in PAGE] == []


def test_numbers_on_the_page_are_those_of_the_code() -> None:
    assert f"fewer than {MIN_TRADES} trades: no conclusion" in PAGE
    assert f"With fewer than {MIN_FOR_INTERVAL} trades there is none" in PAGE
    assert DEPENDENCE_NS == 180 * 10**9
    assert "three minutes of trades" in PAGE
    horizons = [f"{ns / 1e9:g}" for ns in MARKOUT_HORIZONS_NS]
    assert f"the mid price {', '.join(horizons[:-1])} and {horizons[-1]} s after a fill" in PAGE
