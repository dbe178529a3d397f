"""The same message again and again is said at doubling intervals, and how often it was held back is said too."""

from itertools import pairwise

from live.alerts.notice import Notice, Severity
from live.alerts.suppression import FIRST_INTERVAL_NS, LONGEST_INTERVAL_NS, S, Suppression


def notice(at_s: int, code: str = "errors", severity: Severity = Severity.WARNING, symbol: str = "") -> Notice:
    return Notice(at_s * S, code, symbol, severity, "text")


def passed_at_s(suppression: Suppression, times_s: range) -> list[int]:
    """At which of the times a message passes."""
    return [time_s for time_s in times_s if suppression.passed(notice(time_s)) is not None]


def test_intervals_double_from_a_minute() -> None:
    assert passed_at_s(Suppression(), range(0, 2_000, 10)) == [0, 60, 180, 420, 900, 1_860]


def test_intervals_end_at_six_hours() -> None:
    times_s = passed_at_s(Suppression(), range(0, 500_000, 10))
    waits_s = [later - earlier for earlier, later in pairwise(times_s)]
    assert max(waits_s) == waits_s[-1] == LONGEST_INTERVAL_NS // S == 21_600


def test_a_message_that_passes_says_how_many_did_not() -> None:
    suppression = Suppression()
    for time_s in (0, 1, 2, 3):
        suppression.passed(notice(time_s))
    found = suppression.passed(notice(60))
    assert found is not None
    assert found.text == "text (3 suppressed)"
    after = suppression.passed(notice(60 + 120))
    assert after is not None
    assert after.text == "text"


def test_a_kill_is_not_held_back_by_what_was_said_of_another_symbol_or_with_another_word() -> None:
    suppression = Suppression()
    assert suppression.passed(notice(0, "mismatch", Severity.CRITICAL, "BTCUSDT"))
    assert suppression.passed(notice(1, "mismatch", Severity.CRITICAL, "ETHUSDT"))
    assert suppression.passed(notice(1, "kill", Severity.CRITICAL))


def test_a_message_that_became_more_severe_passes_at_once() -> None:
    suppression = Suppression()
    suppression.passed(notice(0))
    suppression.passed(notice(1))
    found = suppression.passed(notice(2, severity=Severity.CRITICAL))
    assert found is not None
    assert found.text.endswith("(1 suppressed)")
    assert suppression.passed(notice(3)) is None


def test_after_a_long_pause_intervals_begin_anew() -> None:
    suppression = Suppression()
    assert passed_at_s(suppression, range(0, 1_000, 10))[-1] == 900
    quiet_until_s = 900 + 2 * 960
    assert suppression.passed(notice(quiet_until_s))
    assert suppression.passed(notice(quiet_until_s + FIRST_INTERVAL_NS // S - 1)) is None
    assert suppression.passed(notice(quiet_until_s + FIRST_INTERVAL_NS // S))
