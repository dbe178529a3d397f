"""`twokey jobs run`: projection, synchronisation and the daily report on a schedule, in a process of its own."""

import sys
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.limits import within
from scripts.next_step import command, print_ending
from scripts.opened_store import Url, opened_store
from scripts.trades_report import Mode, Strategy, Zone

if TYPE_CHECKING:
    from skills_lib.settings import Settings

app = typer.Typer(help="Work on a schedule: the trade log and its daily report.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app.callback()(_keep_verb)
    parent.add_typer(app, name="jobs")


def _keep_verb() -> None:
    """With a callback Typer keeps a single verb as a verb."""


@app.command("run")
def run(
    at: Annotated[str, typer.Option("--daily", help="When the report of the day before is sent, in --tz.")] = "00:10",
    zone: Zone = "UTC",
    project_minutes: Annotated[
        int, typer.Option(callback=within(1, 1_440), help="Bring journals in every so many minutes.")
    ] = 15,
    sync_minutes: Annotated[
        int, typer.Option(callback=within(0, 1_440), help="Synchronise every so many minutes; 0: never.")
    ] = 60,
    host: Annotated[str, typer.Option(help="host:port of a local exchange.")] = "",
    session: Annotated[
        str, typer.Option(help="The session whose account it is.", show_default="that of the venue")
    ] = "",
    strategy: Strategy = None,
    mode: Mode = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now and end, for cron.")] = False,
    url: Url = None,
) -> None:
    """Fill the trade log and send its daily report on a schedule, until Ctrl-C. It never trades.

    The report goes to the channels of TWOKEY_ALERTS. What was missed while it was away is made up for once.

    Example: twokey jobs run --daily 00:10 --tz Europe/Berlin
    """
    import signal

    from skills_lib.settings import Settings
    from skills_lib.trades.jobs.book import JobBook, only_instance
    from skills_lib.trades.jobs.running import JobRunner, ScheduledJob, daily, every
    from skills_lib.trades.reports.spans import zone_of

    settings = Settings()
    work = _Work(settings, url, host, session, zone, strategy, mode)
    jobs = [ScheduledJob("project", every(project_minutes), work.project)]
    if sync_minutes and work.has_reader():
        jobs.append(ScheduledJob("sync", every(sync_minutes), work.sync))
    jobs.append(ScheduledJob("report", daily(_time(at), zone_of(zone)), work.report, at_first=False))
    folder = settings.home / "data" / "jobs"
    with only_instance(folder):
        runner = JobRunner(jobs, JobBook(folder / "done.json"), _say)
        if once:
            succeeded = runner.once()
        else:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, runner.stop)
            _say(f"Running {', '.join(job.name for job in jobs)}. Ctrl-C ends it.")
            runner.run()
            succeeded = True
    print_ending(command("trades", "list"))
    if not succeeded:
        raise typer.Exit(1)


class _Work:
    """What the jobs do. Each opens the store anew, so that one that was away is no matter to the next."""

    def __init__(
        self,
        settings: "Settings",
        url: str | None,
        host: str,
        session: str,
        zone: str,
        strategy: str | None,
        mode: str | None,
    ) -> None:
        self._settings, self._url, self._host, self._session = settings, url, host, session
        self._zone, self._strategy, self._mode = zone, strategy, mode

    def has_reader(self) -> bool:
        """Whether there is a key to synchronise with; without one that is said."""
        from scripts.trades_exchange import reader_at
        from skills_lib.domain.errors import InputError

        try:
            with reader_at(self._host, self._settings):
                return True
        except InputError as error:
            _say(f"Nothing is synchronised: {error}")
            return False

    def project(self, _due: datetime) -> str:
        """Bring the journals in."""
        from skills_lib.domain.errors import CorruptDataError
        from skills_lib.trades.projection.projecting import locked, project_all

        with opened_store(self._url, self._settings) as store, locked(store):
            done, failed = project_all(store, self._settings.home)
        if failed:
            raise CorruptDataError("; ".join(f"{one.path.name}: {one.reason}" for one in failed))
        return f"{len(done)} journals, {sum(one.records for one in done)} new records"

    def sync(self, due: datetime) -> str:
        """Bring the journals in, then read the exchange and compare."""
        from scripts.trades_exchange import account_of, reader_at
        from skills_lib.trades.projection.projecting import locked
        from skills_lib.trades.sync.synchronisation import AccountSync

        self.project(due)
        with (
            reader_at(self._host, self._settings) as reader,
            opened_store(self._url, self._settings) as store,
            locked(store),
        ):
            sync = AccountSync(store, reader, account_of(store, self._host, self._session))
            found = sync.run()
        counts = found.counts
        return f"{counts.fetched} rows read, {counts.inserted} new, {len(sync.open)} differences stand"

    def report(self, due: datetime) -> str:
        """Report the day before, write it and send it."""
        from scripts.trades_report import folders, reports_folder, trading_mode
        from skills_lib.trades.reports.files import write_report
        from skills_lib.trades.reports.message import message
        from skills_lib.trades.reports.spans import parse_span, zone_of
        from skills_lib.trades.reports.trade_report import report_of

        self.project(due)
        day = (due.astimezone(zone_of(self._zone)) - timedelta(days=1)).date()
        span = parse_span(str(day), None, self._zone)
        with opened_store(self._url, self._settings) as store:
            mode = trading_mode(self._mode)
            found = report_of(store, span, folders(self._settings), self._strategy, mode)
        folder = write_report(found, reports_folder(self._settings))
        return f"{span.name} {_sent(message(found), due)}; {folder}"


def _sent(text: str, due: datetime) -> str:
    """Send a message to the channels, and say to how many.

    Raises:
        SourceUnavailableError: a channel did not take it.
    """
    import os

    from live.alerts.channel import AlertChannel
    from live.alerts.notice import Notice, Severity
    from live.alerts.targets import VARIABLE, targets_of
    from skills_lib.domain.errors import SourceUnavailableError

    targets = targets_of(os.environ.get(VARIABLE, ""))
    if not targets:
        return f"was sent nowhere: {VARIABLE} names no channel"
    channel = AlertChannel(targets)
    channel.send(Notice(int(due.timestamp()) * 1_000_000_000, "trade_report", "", Severity.INFO, text))
    channel.close(within_s=30)
    if not channel.counts.delivered:
        raise SourceUnavailableError("A channel did not take the report. It is sent again later.")
    return f"was sent to {len(targets)} channels"


def _time(text: str) -> time:
    """A time of day.

    Raises:
        InputError: it is none.
    """
    from skills_lib.domain.errors import InputError

    try:
        return time.fromisoformat(text)
    except ValueError:
        raise InputError(f"--daily {text[:20]} is no time of day. Give it as 00:10.") from None


def _say(text: str) -> None:
    from skills_lib.log import without_secrets

    sys.stderr.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z} {without_secrets(text)}\n")
    sys.stderr.flush()
