"""Retries of requests that only read: which failures, how often, and how a pause ends; over real sockets."""

import asyncio
import json
import logging
import os
import signal
import threading
from pathlib import Path

import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import SourceUnavailableError
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles import Source, load
from skills_lib.market.candles.series import cut
from skills_lib.market.depth.feed.rest import FeedRest
from skills_lib.market.depth.feed.settings import Endpoints, FeedSettings
from skills_lib.market.depth.model import Venue
from skills_lib.market.retries import Retries, TransientError, retry_after_s
from skills_lib.market.weights.snapshots import snapshot_weight
from skills_lib.settings import Settings
from tests.command import Command
from tests.market.candles.local_venue import LocalVenue, months, span
from tests.market.closing_server import ClosingServer
from tests.market.conftest import ask

LONG_S = 50.0


class Failing:
    """Fails `times` times in passing, then returns "done"."""

    def __init__(self, times: int, wait_s: float = 0.0) -> None:
        self.times, self.wait_s, self.calls = times, wait_s, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise TransientError("not now", self.wait_s)
        return "done"

    async def awaited(self) -> str:
        """The same as a coroutine."""
        return self()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What `--verbose` shows."""
    caplog.set_level(logging.INFO, "skills_lib.market.retries")
    return caplog


def pauses_s(logged: pytest.LogCaptureFixture) -> list[float]:
    """The pause before each retry."""
    return [record.args[2] for record in logged.records if isinstance(record.args, tuple)]


def test_pauses_double_with_jitter(logged: pytest.LogCaptureFixture) -> None:
    assert Retries(6, 0.001).run(Failing(5)) == "done"
    assert len(pauses_s(logged)) == 5
    assert all(0.001 * 2**n <= pause <= 0.001 * (2**n + 0.5) for n, pause in enumerate(pauses_s(logged)))


def test_a_pause_is_the_one_that_the_venue_demands(logged: pytest.LogCaptureFixture) -> None:
    assert Retries(3, 0.0).run(Failing(1, wait_s=0.01)) == "done"
    assert pauses_s(logged) == [0.01]


def test_a_pause_over_a_minute_is_not_awaited(logged: pytest.LogCaptureFixture) -> None:
    request = Failing(1, wait_s=61.0)
    with pytest.raises(TransientError):
        Retries(6, 0.0).run(request)
    assert (request.calls, pauses_s(logged)) == (1, [])


def test_the_attempts_are_bounded() -> None:
    request = Failing(100)
    with pytest.raises(TransientError, match="not now"):
        Retries(4, 0.0).run(request)
    assert request.calls == 4
    with pytest.raises(TransientError, match="not now"):
        asyncio.run(Retries(4, 0.0).run_async(request.awaited))
    assert request.calls == 8


def test_another_error_is_not_retried() -> None:
    calls: list[int] = []

    def wrong() -> None:
        calls.append(1)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        Retries(4, 0.0).run(wrong)
    assert calls == [1]


def test_a_retry_says_why_and_when_but_not_on_standard_output(
    logged: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    Retries(2, 0.0).run(Failing(1))
    assert [record.getMessage() for record in logged.records] == ["not now. Retry 1 in 0.00 s."]
    assert capsys.readouterr().out == ""


class Notice(logging.Handler):
    """Sets an event when a retry is logged, which is before its pause."""

    def __init__(self, event: "threading.Event | asyncio.Event") -> None:
        super().__init__()
        self._event = event

    def emit(self, record: logging.LogRecord) -> None:
        """Set the event."""
        self._event.set()


def test_ctrl_c_ends_a_pause(logged: pytest.LogCaptureFixture) -> None:
    pausing, logger = threading.Event(), logging.getLogger("skills_lib.market.retries")

    def interrupt() -> None:
        assert pausing.wait(LONG_S)
        os.kill(os.getpid(), signal.SIGINT)

    notice, thread = Notice(pausing), threading.Thread(target=interrupt)
    logger.addHandler(notice)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            Retries(2, LONG_S).run(Failing(1))
    finally:
        logger.removeHandler(notice)
        thread.join()


def test_cancelling_the_task_ends_a_pause(logged: pytest.LogCaptureFixture) -> None:
    async def cancelled() -> bool:
        pausing, logger = asyncio.Event(), logging.getLogger("skills_lib.market.retries")
        notice = Notice(pausing)
        logger.addHandler(notice)
        task = asyncio.create_task(Retries(2, LONG_S).run_async(Failing(1).awaited))
        await pausing.wait()
        task.cancel()
        await asyncio.wait([task])
        logger.removeHandler(notice)
        return task.cancelled()

    assert asyncio.run(cancelled())


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (" 7 ", 7.0), (None, 0.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0)]
)
def test_retry_after_is_read(header: str | None, seconds: float) -> None:
    assert retry_after_s(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert retry_after_s("Wed, 01 Jan 2098 00:00:00 GMT") > 1_000_000
    assert retry_after_s("Wed, 01 Jan 1998 00:00:00 GMT") == 0


def feed_rest(host: str, weight_per_minute: int = 1200) -> FeedRest:
    """REST of a feed on a local server."""
    endpoints = Endpoints.of(Venue.SPOT, host)
    return FeedRest(FeedSettings(endpoints, ("BTCUSDT",), weight_per_minute=weight_per_minute))


SNAPSHOT = b'{"lastUpdateId":1,"bids":[],"asks":[]}'


@pytest.mark.parametrize("closes_at", [{1}, {2}, {1, 2}, {2, 3}], ids=str)
def test_snapshots_survive_a_server_that_closes_a_kept_alive_connection(closes_at: set[int]) -> None:
    async def snapshots(host: str) -> list[bytes]:
        rest = feed_rest(host)
        found = [(await rest.snapshot("BTCUSDT")).raw for _ in range(2)]
        await rest.close()
        return found

    with ClosingServer(lambda _: SNAPSHOT, closes_at) as server:
        assert asyncio.run(snapshots(server.host)) == [SNAPSHOT] * 2
        assert len(server.requested) == 2 + len(closes_at)


def test_a_repeated_snapshot_uses_the_weight_of_each_request() -> None:
    weight = snapshot_weight(1000)

    async def remaining_wait_s(host: str) -> float:
        rest = feed_rest(host, weight_per_minute=2 * weight)
        await rest.snapshot("BTCUSDT")
        await rest.close()
        return rest.budget.reserve(weight, 2 * weight)

    with ClosingServer(lambda _: SNAPSHOT, set()) as server:
        assert asyncio.run(remaining_wait_s(server.host)) == 0
    with ClosingServer(lambda _: SNAPSHOT, {1}) as server:
        assert asyncio.run(remaining_wait_s(server.host)) > 0


def test_a_server_that_always_closes_is_reported_in_one_line() -> None:
    async def snapshot(host: str) -> None:
        rest = feed_rest(host)
        try:
            await rest.snapshot("BTCUSDT")
        finally:
            await rest.close()

    with ClosingServer(lambda _: SNAPSHOT, set(range(100))) as server:
        with pytest.raises(SourceUnavailableError, match=r"/depth did not answer: RemoteProtocolError .*\. Retry\.$"):
            asyncio.run(snapshot(server.host))
        assert len(server.requested) == 3


def test_an_archive_that_closes_a_kept_alive_connection_is_read_to_the_end(year: Bars, tmp_path: Path) -> None:
    files = months(year, "spot", "BTCUSDT", Timeframe.H1, ["2024-01", "2024-02"])
    with ClosingServer(files.__getitem__, {2, 4}) as server:
        url = f"http://{server.host}"
        settings = Settings(home=tmp_path, archive_url=url, http_attempts=3, http_backoff_s=0)
        found = load(ask("2024-01-01", "2024-03-01", Source.ARCHIVE), settings)
        assert len(server.requested) == 4 + 2
    assert found.bars.digest() == cut(year, span("2024-01-01", "2024-03-01")).digest()


def test_an_exchange_that_closes_a_kept_alive_connection_is_read_to_the_end(year: Bars, tmp_path: Path) -> None:
    venue = LocalVenue(year)
    with ClosingServer(lambda path: venue.answer(path).body, {2, 4}) as server:
        url = f"http://{server.host}"
        settings = Settings(home=tmp_path, exchange_url=url, http_attempts=3, http_backoff_s=0)
        found = load(ask("2024-01-01", "2024-03-01"), settings)
    assert found.bars.digest() == cut(year, span("2024-01-01", "2024-03-01")).digest()


def test_the_command_says_with_verbose_what_it_retries(
    year: Bars, twokey: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = months(year, "spot", "BTCUSDT", Timeframe.H1, ["2024-01"])
    with ClosingServer(files.__getitem__, {2}) as server:
        monkeypatch.setenv("TWOKEY_ARCHIVE_URL", f"http://{server.host}")
        monkeypatch.setenv("TWOKEY_HTTP_BACKOFF_S", "0")
        span_ = ("--since", "2024-01-01", "--until", "2024-02-01")
        done = twokey("data", "fetch", "BTC", "1h", "--source", "archive", *span_, "--verbose", "--json")
    assert done.code == 0, done.err
    assert "the connection was interrupted (RemoteProtocolError). Retry 1 in 0.00 s." in done.err
    assert json.loads(done.out)
