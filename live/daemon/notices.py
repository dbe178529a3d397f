"""What a person is sent while a run goes on: the engine's alerts, kills, failures and the report of each day."""

from live.alerts.channel import AlertChannel
from live.alerts.conditions import AlertConditions
from live.alerts.daily_report import DailyReport
from live.alerts.notice import Notice, Severity, notice_of
from live.engine.actions import Alert
from live.engine.events import Event, OrderReport
from live.engine.state import EngineState


class Notices:
    """Decides what is sent; the channel never makes anybody wait. started_ns: when the run began to be watched."""

    def __init__(self, channel: AlertChannel, started_ns: int) -> None:
        self._channel = channel
        self._conditions, self._report = AlertConditions(started_ns), DailyReport()

    def on_alert(self, alert: Alert) -> None:
        """The engine wants a person to know something."""
        self._channel.send(notice_of(alert))

    def on_kill(self, time_ns: int, reason: str) -> None:
        """The session is killed."""
        text = f"Killed: {reason}. Everything of the account is being closed."
        self._channel.send(Notice(time_ns, "killed", "", Severity.CRITICAL, text))

    def on_end(self, time_ns: int, clean: bool, text: str) -> None:
        """The run has ended."""
        severity = Severity.INFO if clean else Severity.CRITICAL
        self._channel.send(Notice(time_ns, "ended", "", severity, text))

    def on_defect(self, time_ns: int, text: str) -> None:
        """Something failed that should not have."""
        for notice in self._conditions.on_error(time_ns, text):
            self._channel.send(notice)

    def on_event(self, event: Event) -> None:
        """A fill is a trade."""
        if isinstance(event, OrderReport) and event.fill is not None:
            self._conditions.on_trade(event.time_ns)

    def on_time(self, state: EngineState, time_ns: int, journal_head: str, balance_ns: int) -> None:
        """Each second: what has not happened for too long, and the report of a day that has ended.

        balance_ns: when the balance was last read.
        """
        self._conditions.on_balance(balance_ns)
        report = self._report.on_time(state, journal_head)
        due = self._conditions.check(time_ns)
        for notice in [*due, *([report] if report else [])]:
            self._channel.send(notice)
        self._channel.work(time_ns)
