"""The report of a UTC day: its own figures, once, with the head of the journal."""

from live.alerts.daily_report import DailyReport
from live.engine import events as e
from live.engine.engine import step
from live.engine.risk.profit import DAY_NS
from live.money import SCALE
from tests.live.engine.driven import DrivenEngine
from tests.live.engine.states import SYMBOL

HEAD = "9" * 64


def at(engine: DrivenEngine, time_ns: int) -> None:
    step(engine.state, e.Tick(time_ns))


def fund(engine: DrivenEngine, time_ns: int, amount: int) -> None:
    step(engine.state, e.FundingPaid(time_ns, SYMBOL, amount, time_ns))


def test_a_day_is_reported_once_after_its_end_with_its_own_figures() -> None:
    engine, report = DrivenEngine(), DailyReport()
    first_midnight_ns = (engine.now_ns // DAY_NS + 1) * DAY_NS
    assert report.on_time(engine.state, HEAD) is None
    fund(engine, engine.now_ns, -3 * SCALE)
    assert report.on_time(engine.state, HEAD) is None
    at(engine, first_midnight_ns)
    notice = report.on_time(engine.state, HEAD)
    assert notice is not None
    assert "profit -3.00 USD" in notice.text
    assert "funding -3.00 USD" in notice.text
    assert notice.text.count(HEAD) == 2
    assert report.on_time(engine.state, HEAD) is None
    fund(engine, first_midnight_ns, SCALE)
    report.on_time(engine.state, HEAD)
    at(engine, first_midnight_ns + DAY_NS)
    second = report.on_time(engine.state, HEAD)
    assert second is not None
    assert "profit 1.00 USD" in second.text
    assert "funding 1.00 USD" in second.text


def test_the_date_is_that_of_the_day_that_ended() -> None:
    engine, report = DrivenEngine(), DailyReport()
    assert engine.now_ns == 1_723_161_600 * 10**9  # 2024-08-09T00:00:00Z
    report.on_time(engine.state, HEAD)
    at(engine, engine.now_ns + DAY_NS)
    notice = report.on_time(engine.state, HEAD)
    assert notice is not None
    assert notice.text.startswith("2024-08-09 UTC: ")


def test_the_limit_used_furthest_is_that_of_the_whole_day() -> None:
    engine, report = DrivenEngine(), DailyReport()
    report.on_time(engine.state, HEAD)
    fund(engine, engine.now_ns, -250 * SCALE)
    report.on_time(engine.state, HEAD)
    fund(engine, engine.now_ns, 250 * SCALE)
    report.on_time(engine.state, HEAD)
    at(engine, (engine.now_ns // DAY_NS + 1) * DAY_NS)
    notice = report.on_time(engine.state, HEAD)
    assert notice is not None
    assert "daily_loss was used up furthest: 50 %" in notice.text
