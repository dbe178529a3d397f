"""Scanning: figures computed by hand, the resulting order, and skipped instruments."""

import asyncio
import json
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.feed.settings import Endpoints
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Trade, Venue
from skills_lib.market.scanner import Sampler, Scan, autocorrelation, fee_burden, scan_tapes, tapes_in
from skills_lib.market.scanner_live import ScanSettings, scan_exchange
from tests.command import Command
from tests.market.depth.frame_server import FrameServer, eventually
from tests.market.depth.generated_stream import GeneratedMarket
from tests.market.depth.generated_tape import generated_tape, stamped, write_tape

pytest.importorskip("picows", reason="the extra `live` is not installed")


def stepping_sampler(seconds: int, step: float) -> Sampler:
    """A market with a spread of 0.2 whose mid price rises by `step` each second, from 100."""
    book, sampler = LocalBook("X", Venue.SPOT), Sampler("X", Venue.SPOT, "by hand")
    book.load(Snapshot(1, [("1.0000", "1")], [("900.0000", "1")]))
    before: list[tuple[str, str]] = []
    for second in range(seconds):
        mid = 100 + step * second
        bid, ask = f"{mid - 0.1:.4f}", f"{mid + 0.1:.4f}"
        bids, asks = [*before[:1], (bid, "2")], [*before[1:], (ask, "1")]
        book.receive(DepthUpdate("X", 1_000 * second, second + 2, second + 2, bids, asks))
        before = [(bid, "0"), (ask, "0")]
        sampler.on_book(book)
        sampler.on_message(Trade("X", 1_000 * second, 1_000 * second, second, "100", "3", False))
    return sampler


def test_a_market_by_hand() -> None:
    row = stepping_sampler(241, 0.01).row(10.0)
    assert row.seconds == 240
    assert row.spread_bps == pytest.approx(0.2 / 101.2 * 10_000, rel=1e-3)
    assert row.depth_25bps == pytest.approx(3 * 101.2, rel=1e-2)
    assert row.depth_5bps == 0
    assert row.volume_quote_per_hour == pytest.approx(300 * 241 / 240 * 3600)
    assert row.typical_move_bps == pytest.approx(0.6 / 101.2 * 10_000, rel=1e-2)
    assert row.volatility_bps_per_minute == pytest.approx(0.01 / 101.2 * 10_000 * 60**0.5, rel=1e-2)
    assert row.fee_burden == pytest.approx((20 + 19.76) / 59.3, rel=1e-2)


def test_too_little_evidence_gives_no_figure() -> None:
    row = stepping_sampler(20, 0.01).row(5.0)
    assert (row.typical_move_bps, row.fee_burden, row.volatility_bps_per_minute) == (None, None, None)
    assert row.imbalance_persistence is None
    assert row.spread_bps is not None


def test_persistence_is_the_correlation_of_neighbours() -> None:
    assert autocorrelation([1.0, -1.0] * 50) == pytest.approx(-0.99)
    assert autocorrelation([float(n // 50) for n in range(100)]) == pytest.approx(0.97, abs=0.01)
    assert autocorrelation([0.5] * 100) is None


def test_a_burden_needs_a_move() -> None:
    assert fee_burden(5, 1, 11) == 1.0
    assert fee_burden(5, None, 11) is fee_burden(5, 1, None) is fee_burden(5, 1, 0) is None


def test_instruments_are_ranked_by_the_burden_and_bad_tapes_are_named(tmp_path: Path, twokey: Command) -> None:
    folder = tmp_path / "tapes"
    (folder / "deep").mkdir(parents=True)
    for seed, symbol in ((1, "BTCUSDT"), (2, "ETHUSDT")):
        frames = list(GeneratedMarket(seed, Venue.USDM, symbol).frames(2_400))
        write_tape(folder / "deep" / f"{symbol}.ts_jsonl.gz", stamped(frames))
    no_snapshot = [raw for raw in GeneratedMarket(3, Venue.SPOT).frames(20) if b"lastUpdateId" not in raw]
    write_tape(folder / "blind.jsonl.gz", no_snapshot)
    write_tape(folder / "empty.jsonl.gz", [b"{}"])
    found = json.loads(twokey("scan", "--tape", str(folder), "--json").out)
    burdens = [row["fee_burden"] for row in found["rows"]]
    assert burdens == sorted(burdens)
    assert [row["rank"] for row in found["rows"]] == [1, 2]
    assert {row["symbol"] for row in found["rows"]} == {"BTCUSDT", "ETHUSDT"}
    assert {row["taker_fee_bps"] for row in found["rows"]} == {5.0}
    assert set(found["skipped"]) == {"blind.jsonl.gz BTCUSDT", "empty.jsonl.gz"}
    dearer = json.loads(twokey("scan", "--tape", str(folder), "--taker-fee-bps", "50", "--json").out)
    assert all(row["fee_burden"] > max(burdens) for row in dearer["rows"])


def test_a_person_reads_a_table(tmp_path: Path, twokey: Command) -> None:
    generated_tape(tmp_path / "one.ts_jsonl.gz", Venue.SPOT)
    done = twokey("scan", "--tape", str(tmp_path / "one.ts_jsonl.gz"))
    assert done.code == 0
    assert "BTCUSDT" in done.out
    assert "Burden:" in done.out


def test_real_recordings_are_scanned(shared_data: Path) -> None:
    found = scan_tapes(shared_data / "l2" / "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz")
    (row,) = found.rows
    assert row.symbol == "ETHUSDT"
    assert row.spread_bps == pytest.approx(0.037, abs=0.005)  # a tick of 0.01 at 2,680
    assert 0 < (row.depth_5bps or 0) < (row.depth_10bps or 0) < (row.depth_25bps or 0)
    assert row.fee_burden is not None
    assert row.fee_burden > 1


def test_a_folder_without_tapes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no tapes"):
        tapes_in(tmp_path)


def scan_served(venue: Venue, drops: int = 0) -> Scan:
    """Scan a served venue from another thread, as the command does, while it plays; what the scan raises ends it."""

    async def play() -> Scan:
        frames = list(GeneratedMarket(9, venue).frames(3_000))
        tickers = [
            {"symbol": "BTCUSDT", "quoteVolume": "2400", "extra": 1},
            {"symbol": "BTCBUSD", "quoteVolume": "9999"},
            {"symbol": "ETHUSDT", "quoteVolume": "12"},
        ]
        bars = [[1, "100", "101", "99", "101", "5", 2], [2, "100", "101", "99", "99", "5", 3]]
        async with FrameServer("BTCUSDT", venue, frames) as server:
            server.drops = drops
            server.answers = {"24hr": json.dumps(tickers).encode(), "klines": json.dumps(bars).encode()}
            settings = ScanSettings(Endpoints.of(venue, server.host), 5.0, count=1, seconds=1.5)
            scan = asyncio.create_task(asyncio.to_thread(scan_exchange, settings))
            await eventually(lambda: server.sockets or scan.done())
            while not scan.done() and server.position < len(frames) - 20:
                await server.play(10)
                await asyncio.sleep(0.02)
            return await scan

    return asyncio.run(play())


@pytest.mark.parametrize("venue", Venue)
def test_an_exchange_scan_reads_volume_bars_and_books(venue: Venue) -> None:
    (row,) = scan_served(venue).rows
    assert row.symbol == "BTCUSDT"
    assert row.volume_quote_per_hour == 100.0
    assert row.typical_move_bps == pytest.approx(100.0)
    assert row.fee_burden == pytest.approx((10 + row.spread_bps) / 100)


def test_a_scan_survives_connections_that_close_without_an_answer() -> None:
    (row,) = scan_served(Venue.USDM, drops=3).rows
    assert row.volume_quote_per_hour == 100.0


def test_a_scan_ends_when_every_connection_closes_without_an_answer() -> None:
    message = r"24hr did not answer: RemoteProtocolError .*[^.]\. Retry, or scan tapes"
    with pytest.raises(SourceUnavailableError, match=message):
        scan_served(Venue.USDM, drops=1_000)


def test_an_unreachable_exchange_is_a_one_line_error() -> None:
    settings = ScanSettings(Endpoints.of(Venue.USDM, "127.0.0.1:1"), 5.0)
    with pytest.raises(SourceUnavailableError, match=r"did not answer: .* or scan tapes with `tape=DIR`\."):
        scan_exchange(settings)
