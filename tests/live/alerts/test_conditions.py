"""Errors in a row, a day without a trade, a balance that cannot be read."""

from live.alerts.conditions import AlertConditions, S
from live.alerts.notice import Notice, Severity

HOUR_S = 3_600


def test_two_errors_are_no_message_three_are_a_warning_and_six_are_critical() -> None:
    conditions = AlertConditions(0)
    found = [conditions.on_error(second * S, "time-out") for second in range(6)]
    assert found[:2] == [[], []]
    assert [notice.severity for notices in found[2:5] for notice in notices] == [Severity.WARNING] * 3
    assert [notice.severity for notice in found[5]] == [Severity.CRITICAL]
    assert found[5][0].text == "6 errors within 10 minutes; the last: time-out"


def test_errors_of_more_than_ten_minutes_ago_do_not_count() -> None:
    conditions = AlertConditions(0)
    for second in (0, 1):
        conditions.on_error(second * S, "time-out")
    assert conditions.on_error(601 * S, "time-out") == []
    assert conditions.on_error(602 * S, "time-out") == []
    assert [notice.code for notice in conditions.on_error(603 * S, "time-out")] == ["errors"]


def codes(notices: list[Notice]) -> list[str]:
    return [notice.code for notice in notices]


def test_a_day_without_a_trade_is_said_and_a_trade_ends_it() -> None:
    conditions = AlertConditions(0)
    day_ns = 24 * HOUR_S * S
    conditions.on_balance(day_ns)
    assert conditions.check(day_ns - 1) == []
    assert codes(conditions.check(day_ns)) == ["no_trade"]
    conditions.on_trade(day_ns)
    assert conditions.check(day_ns) == []


def test_a_balance_that_was_not_read_for_five_minutes_is_critical() -> None:
    conditions = AlertConditions(0)
    assert conditions.check(300 * S - 1) == []
    (notice,) = conditions.check(301 * S)
    assert (notice.code, notice.severity) == ("balance_unreadable", Severity.CRITICAL)
    conditions.on_balance(302 * S)
    assert conditions.check(302 * S) == []
