"""What a person is sent of a run."""

from typing import Any

import pytest

from live.alerts.channel import AlertChannel
from live.alerts.conditions import BALANCE_UNREAD_NS, NO_TRADE_NS
from live.alerts.notice import Notice, Severity
from live.daemon.notices import Notices
from live.engine.actions import Alert
from live.engine.risk.profit import DAY_NS, loss_reason
from tests.live.engine.states import NOW_NS, quiet_state


class Kept(AlertChannel):
    """A channel whose messages are kept and not sent."""

    def __init__(self) -> None:
        super().__init__(())
        self.kept: list[Notice] = []

    def send(self, notice: Notice) -> None:
        """Keep it."""
        self.kept.append(notice)


@pytest.fixture
def channel() -> Kept:
    return Kept()


@pytest.fixture
def notices(channel: Kept) -> Notices:
    return Notices(channel, NOW_NS)


def codes(channel: Kept) -> list[tuple[str, Severity]]:
    return [(notice.code, notice.severity) for notice in channel.kept]


def test_a_kill_and_an_end_that_was_not_proven_are_critical(notices: Notices, channel: Kept) -> None:
    notices.on_kill(NOW_NS, "daily_loss")
    notices.on_end(NOW_NS, clean=False, text="Stopped, but something is left.")
    notices.on_end(NOW_NS, clean=True, text="Stopped.")
    notices.on_alert(Alert(NOW_NS, "pause", "", "pause: test"))
    assert codes(channel) == [
        ("killed", Severity.CRITICAL),
        ("ended", Severity.CRITICAL),
        ("ended", Severity.INFO),
        ("pause", Severity.INFO),
    ]
    assert "daily_loss" in channel.kept[0].text


def test_failures_that_repeat_are_said(notices: Notices, channel: Kept) -> None:
    for number in range(3):
        notices.on_defect(NOW_NS + number, "KeyError: 1")
    assert codes(channel) == [("errors", Severity.WARNING)]


@pytest.mark.parametrize(
    ("after_ns", "balance_ns", "code"),
    [
        (BALANCE_UNREAD_NS, 0, "balance_unreadable"),
        (NO_TRADE_NS, NO_TRADE_NS, "no_trade"),
    ],
)
def test_what_has_not_happened_for_too_long_is_said(
    notices: Notices, channel: Kept, after_ns: int, balance_ns: int, code: str
) -> None:
    state: Any = quiet_state()
    notices.on_time(state, NOW_NS + after_ns - 1, "head", NOW_NS)
    before = [notice.code for notice in channel.kept]
    notices.on_time(state, NOW_NS + after_ns, "head", NOW_NS + balance_ns)
    assert (code in before, code in [notice.code for notice in channel.kept]) == (False, True)


def test_the_day_is_reported_with_the_head_of_the_journal(notices: Notices, channel: Kept) -> None:
    state = quiet_state()
    loss_reason(state)
    notices.on_time(state, state.now_ns, "before", NOW_NS)
    assert channel.kept == []
    state.now_ns += DAY_NS
    loss_reason(state)
    notices.on_time(state, NOW_NS, "a head", NOW_NS)
    (report,) = channel.kept
    assert (report.code, "a head" in report.text) == ("daily_report", True)
