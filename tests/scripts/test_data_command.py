"""`twokey data`: import, fetch, list and check, including invalid input and ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars
from skills_lib.settings import Settings
from tests.command import Command
from tests.market.candles.local_venue import Fault, LocalVenue, serve, span

CHECKED = {"bars", "gaps", "missing_bars", "duplicates", "unordered", "ohlc_violations", "zero_volume", "spikes"}
YEAR = ("--since", "2024-01-01", "--until", "2025-01-01")


@pytest.fixture
def month() -> Bars:
    """Hourly bars of January 2024."""
    return sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2024-02-01"))


@pytest.fixture
def file(month: Bars, tmp_path: Path) -> Path:
    """A file of candles with a gap of two bars."""
    path = tmp_path / "mine.csv"
    month.to_frame().drop(month.to_frame().index[100:102]).to_csv(path)
    return path


@pytest.fixture
def venue(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalVenue]:
    """A local venue with 2024, which the command's settings use."""
    local = LocalVenue(sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2025-01-01")))
    server = serve(local)
    for name, value in {"EXCHANGE_URL": local.url, "ARCHIVE_URL": local.url, "HTTP_BACKOFF_S": "0"}.items():
        monkeypatch.setenv(f"TWOKEY_{name}", value)
    yield local
    local.released.set()
    server.shutdown()
    server.server_close()


def test_a_file_is_imported_checked_and_listed(twokey: Command, file: Path) -> None:
    done = twokey("data", "import", str(file), "--symbol", "BTC", "--timeframe", "1h", "--json")
    message = json.loads(done.out)
    assert (done.code, message["added"], message["replaced"], message["bars"], message["gaps"]) == (0, 742, 0, 742, 1)
    checked = json.loads(twokey("data", "check", "BTC", "1h", "--json").out)
    assert checked.keys() >= CHECKED
    assert (checked["bars"], checked["gaps"], checked["missing_bars"]) == (742, 1, 2)
    assert checked["largest_gaps"][0] == {
        "after": "2024-01-05T03:00:00Z", "before": "2024-01-05T06:00:00Z", "missing_bars": 2,
    }  # fmt: skip
    (listed,) = json.loads(twokey("data", "list", "--json").out)["caches"]
    assert (listed["symbol"], listed["bars"], listed["origin"]) == ("BTCUSDT", 742, "import of mine.csv")


def test_a_file_whose_name_tells_it_all_needs_no_options(twokey: Command, file: Path, tmp_path: Path) -> None:
    for name, exchange in (("Bitstamp_BTCUSDT_1h.csv", "bitstamp"), ("BTCUSDT-1h-2024-01.csv", "binance")):
        named = file.rename(tmp_path / name)
        answer = twokey("data", "import", str(named), "--json").answer
        assert (answer["symbol"], answer["timeframe"], answer["exchange"]) == ("BTCUSDT", "1h", exchange)
        file = named
    given = twokey("data", "import", str(file), "--symbol", "ETH", "--exchange", "okx", "--json").answer
    assert (given["symbol"], given["exchange"]) == ("ETHUSDT", "okx")
    wrong = twokey("data", "import", str(file.rename(tmp_path / "BTCUSDT_4h.csv")))
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert "bars are 1h apart" in wrong.err


def test_a_file_whose_name_leaves_a_doubt_is_refused_with_what_to_write(twokey: Command, file: Path) -> None:
    done = twokey("data", "import", str(file))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "--symbol BTC" in done.err
    assert twokey("data", "list", "--json").answer["caches"] == []


def test_the_text_output_shows_the_same_figures(twokey: Command, file: Path) -> None:
    imported = twokey("data", "import", str(file), "--symbol", "BTC", "--timeframe", "1h").out
    assert "742 bars added, 0 replaced, 0 unchanged" in imported
    assert "gap of 2 bars after 2024-01-05T03:00:00Z" in imported
    assert "gaps 1  missing bars 2" in twokey("data", "check", "BTC", "1h").out
    assert "BTCUSDT 1h 742 2024-01-01" in " ".join(twokey("data", "list").out.split())


def test_an_empty_list_says_what_to_do(twokey: Command) -> None:
    assert "twokey data fetch BTC 1h" in twokey("data", "list").out
    assert json.loads(twokey("data", "list", "--json").out)["caches"] == []


def test_a_damaged_cache_is_reported_and_the_others_are_listed(
    twokey: Command, file: Path, workspace: Settings
) -> None:
    for symbol in ("BTC", "ETH"):
        twokey("data", "import", str(file), "--symbol", symbol, "--timeframe", "1h")
    path = workspace.candles_dir / "binance" / "BTC-USDT-1h.parquet"
    path.write_bytes(path.read_bytes()[:500])
    done = twokey("data", "list", "--json")
    assert [row["symbol"] for row in json.loads(done.out)["caches"]] == ["ETHUSDT"]
    assert "is set aside as" in done.err


def test_a_file_is_checked_as_it_is(twokey: Command, file: Path, tmp_path: Path) -> None:
    lines = file.read_text().splitlines()
    damaged = tmp_path / "spoiled.csv"
    damaged.write_text("\n".join([*lines[:50], lines[49], *lines[50:]]))
    message = json.loads(twokey("data", "check", "--data", str(damaged), "--json").out)
    assert (message["bars"], message["duplicates"], message["gaps"], message["timeframe"]) == (743, 1, 1, "1h")
    assert message["symbol"] is None
    assert twokey("data", "import", str(damaged), "--symbol", "BTC", "--timeframe", "1h").code == 2


def test_fetching_reports_the_source_and_a_second_fetch_does_nothing(twokey: Command, venue: LocalVenue) -> None:
    message = json.loads(twokey("data", "fetch", "BTC", "1h", *YEAR, "--json").out)
    assert (message["bars"], message["synthetic"], message["gaps"]) == (8_784, False, 0)
    assert message["source"].startswith("exchange (binance, fetched ")
    venue.requested.clear()
    again = twokey("data", "fetch", "BTC", "1h", *YEAR)
    assert "Source: cache (" in again.out
    assert venue.requested == []


BAD_ARGUMENTS = {
    "an unknown symbol": (("fetch", "BTCX", "1h", *YEAR), 2, "Did you mean 'BTC/USDT'"),
    "what is no symbol": (("fetch", "B$C", "1h"), 2, "is not a symbol"),
    "an unknown timeframe": (("fetch", "BTC", "1x"), 2, "Unknown timeframe '1x'"),
    "an unknown exchange": (("fetch", "BTC", "1h", "--exchange", "binanse"), 2, "Did you mean 'binance'"),
    "an unknown source": (("fetch", "BTC", "1h", "--source", "exchang"), 2, "Did you mean 'exchange'"),
    "the sample as a source": (("fetch", "BTC", "1h", "--source", "sample"), 2, "Cannot fetch from sample"),
    "since after until": (("fetch", "BTC", "1h", "--since", "2024-02-01", "--until", "2024-01-01"), 2, "is not before"),
    "a date that is none": (("fetch", "BTC", "1h", "--since", "soon"), 2, "'soon' is not a date"),
    "a file that is not there": (("import", "none.csv", "--symbol", "BTC", "--timeframe", "1h"), 2, "does not exist"),
    "nothing to check": (("check",), 2, "Nothing to check"),
    "a check of nothing": (("check", "BTC", "1h"), 1, "No cached BTCUSDT 1h"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_bad_input_is_one_line(
    twokey: Command, venue: LocalVenue, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = twokey("data", *arguments)
    assert done.code == code
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_without_a_network_nothing_synthetic_is_fetched(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXCHANGE_URL", "ARCHIVE_URL"):
        monkeypatch.setenv(f"TWOKEY_{name}", "http://nowhere.invalid")
    done = twokey("data", "fetch", "BTC", "1h")
    assert done.code == 1
    assert "no network" in done.err
    assert done.err.count("\n") == 1


def test_ctrl_c_during_a_download_exits_with_130_and_saves_its_progress(
    twokey: Command, venue: LocalVenue, workspace: Settings
) -> None:
    venue.faults.extend([None, None, None, Fault(hang=True)])
    child = subprocess.Popen(
        [sys.executable, "-c", "from scripts.cli import main; main()", "data", "fetch", "BTC", "1h", *YEAR],
        env=os.environ | {"TWOKEY_HOME": str(workspace.home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(4):
        assert venue.klines_arrived.acquire(timeout=60)
    child.send_signal(signal.SIGINT)
    _, complaint = child.communicate(timeout=60)
    venue.released.set()
    assert child.returncode == 130
    assert complaint == "Interrupted. Progress saved; rerun the same command to resume.\n"
    assert json.loads(twokey("data", "check", "BTC", "1h", "--json").out)["bars"] == 3_000
    requests_before = len(venue.kline_requests())
    assert json.loads(twokey("data", "fetch", "BTC", "1h", *YEAR, "--json").out)["bars"] == 8_784
    assert int(venue.kline_requests()[requests_before]["startTime"]) * 1_000_000 == venue.bars.open_time_ns[3_000]
