"""Downloading candles over MCP: jobs that talk to a venue on loopback, with real processes and real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_servers.market.server import server
from mcp_servers.validation.server import server as validation
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars
from skills_lib.settings import Settings
from tests.market.candles.local_venue import Fault, LocalVenue, serve, span
from tests.mcp_servers.mcp_client import ROOT, answer, refusal

MARCH = {"symbol": "BTC", "timeframe": "1h", "since": "2024-03-01", "until": "2024-04-01", "source": "exchange"}
DAMAGED = b"no parquet"


@pytest.fixture
def venue() -> Iterator[LocalVenue]:
    """A running venue with the hourly bars of 2024."""
    local = LocalVenue(sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2025-01-01")))
    running = serve(local)
    yield local
    local.released.set()
    running.shutdown()
    running.server_close()


@pytest.fixture
def settings(workspace: Settings, venue: LocalVenue, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A workspace whose exchange is the local venue, for the processes of jobs too."""
    monkeypatch.setenv("TWOKEY_EXCHANGE_URL", venue.url)
    monkeypatch.setenv("TWOKEY_HTTP_ATTEMPTS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(ROOT)
    return Settings()


def test_candles_are_downloaded_listed_and_not_downloaded_again(settings: Settings, venue: LocalVenue) -> None:
    empty = answer(server, "market_list_data")
    assert (empty["data"], empty["next_step"]) == ([], "Nothing is cached: market_fetch downloads candles.")
    done = answer(server, "market_fetch", **MARCH, wait_seconds=50)
    assert (done["state"], done["error"]) == ("done", "")
    assert (done["fetched"]["bars"], done["fetched"]["start"]) == (744, "2024-03-01T00:00:00Z")
    assert done["fetched"]["quality"]["gaps"] == 0
    for tool in ("validation_status", "validation_cancel", "validation_get_report", "validation_get_picture"):
        line = refusal(validation, tool, job_id=done["job_id"])
        assert line == f"Job {done['job_id']} is a fetch. Call market_fetch_status for it."
    (line,) = answer(server, "market_list_data")["data"]
    assert (line["exchange"], line["symbol"], line["timeframe"], line["bars"]) == ("binance", "BTCUSDT", "1h", 744)
    venue.requested.clear()
    bars = answer(server, "market_get_bars", **(MARCH | {"source": "cache"}), limit=1)
    assert (bars["total"], bars["synthetic"]) == (744, False)
    assert venue.requested == []


def test_a_download_that_takes_long_is_watched_and_cancelled_and_the_same_call_resumes_it(
    settings: Settings, venue: LocalVenue
) -> None:
    year = MARCH | {"since": "2024-01-01", "until": "2025-01-01"}
    venue.faults.extend([None, None, Fault(hang=True)])
    started = answer(server, "market_fetch", **year, wait_seconds=0)
    assert started["state"] in ("starting", "running")
    assert started["fetched"] is None
    assert started["job_id"] in started["next_step"]
    for _ in range(3):
        assert venue.klines_arrived.acquire(timeout=60)
    assert answer(server, "market_fetch", **year, wait_seconds=0)["job_id"] == started["job_id"]
    assert answer(server, "market_cancel_fetch", job_id=started["job_id"])["state"] == "cancelled"
    venue.released.set()
    venue.requested.clear()
    done = answer(server, "market_fetch", **year, wait_seconds=50)
    assert (done["job_id"], done["state"], done["fetched"]["bars"]) == (started["job_id"], "done", 8_784)
    assert len(venue.kline_requests()) < 9, "the pages that had arrived were downloaded again"


def test_a_venue_that_does_not_answer_is_reported_with_what_a_caller_can_do(
    settings: Settings, venue: LocalVenue
) -> None:
    venue.info_fault = Fault(status=451, body=b"{}")
    venue.faults.append(Fault(status=451, body=b"{}"))
    failed = answer(server, "market_fetch", **MARCH, wait_seconds=50)
    assert failed["state"] == "failed"
    assert 'source="archive"' in failed["error"]
    assert "ask the user to run `twokey data import FILE`" in failed["error"]
    assert "--" not in failed["error"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"source": "sample"}, "Allowed: auto, exchange, archive, yahoo."),
        ({"source": "cache"}, "Allowed: auto, exchange, archive, yahoo."),
        ({"exchange": "binanse"}, "Did you mean 'binance"),
        ({"exchange": "../../etc"}, "Unknown exchange"),
        ({"symbol": "BTC/../x"}, "is not a symbol"),
        ({"timeframe": "1M"}, "months"),
        ({"since": "yesterday"}, "is not a date"),
        ({"wait_seconds": 51}, "Give at most 50."),
    ],
)
def test_bad_input_is_refused_before_a_job_is_started(
    workspace: Settings, changed: dict[str, object], message: str
) -> None:
    assert message in refusal(server, "market_fetch", **(MARCH | changed))
    assert not workspace.jobs_dir.exists()


def test_a_job_that_is_not_there_is_refused(workspace: Settings) -> None:
    for tool in ("market_fetch_status", "market_cancel_fetch"):
        assert "Unknown job '0123456789ab'" in refusal(server, tool, job_id="0123456789ab")


def test_pages_of_data_hold_each_file_once_and_name_damaged_ones(workspace: Settings) -> None:
    folder = workspace.candles_dir / "binance"
    folder.mkdir(parents=True)
    for base in ("AAA", "BBB", "CCC"):
        Path(folder / f"{base}-USDT-1h.parquet").write_bytes(DAMAGED)
    first = answer(server, "market_list_data", limit=2)
    assert (len(first["damaged"]), first["data"], first["total"]) == (2, [], 3)
    assert "AAA-USDT-1h.parquet" in first["damaged"][0]
    assert first["next_cursor"] is not None
