"""Tape checks: known results of every real recording, and every kind of defect is reported."""

import json
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.check import check_tape
from skills_lib.market.depth.tape.report import TapeReport
from tests.command import Command
from tests.market.depth.generated_stream import EPOCH_MS, GeneratedMarket
from tests.market.depth.generated_tape import generated_tape, stamped, write_tape

RECORDINGS = [
    "binance_spot_BTCUSDT_20240808T2354_20240809T0005.ts_jsonl.gz",
    "binance_usdm_BTCUSDT_20240718T2357_20240719T0005.ts_jsonl.gz",
    "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz",
    "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz",
]
CRYPTOFEED = "cryptofeed_binance_usdm_SUSHI_AKRO_KEEP_CTK_20210722"
each_venue = pytest.mark.parametrize("venue", Venue)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_replays_to_what_is_known_of_it(shared_data: Path, twokey: Command, name: str) -> None:
    known = json.loads((shared_data / "l2" / "EXPECTED.json").read_text())[name]
    done = twokey("tape", "check", str(shared_data / "l2" / name), "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    counts = known["counts"]
    assert found["messages"] == {
        "depth": counts["depthUpdate"],
        "book_ticker": counts["bookTicker"],
        "trade": counts["trade"],
        "snapshot": counts["snapshot"],
        "other": 0,
    }
    assert found["lines"] == known["lines"]
    assert (found["chain_breaks"], found["crossed_books"], found["malformed"]) == (0, 0, 0)
    assert f"{found['bbo_matched']}/{found['bbo_checked']}" == known["bbo_vs_bookTicker_same_u"]
    assert found["late_bbo_matched"] == found["late_bbo_checked"]
    assert found["final_update_id"] == known["final_u"]
    assert [found["levels"]["bids"], found["levels"]["asks"]] == known["final_levels"]
    assert found["top5"] == {"bids": known["final_top5_bids"], "asks": known["final_top5_asks"]}
    assert (found["first_local_ts_ns"], found["last_local_ts_ns"]) == (known["first_recv"], known["last_recv"])
    assert found["latency"]["negative_share"] == 1.0
    assert [problem for problem in found["problems"] if "before the exchange sent them" not in problem] == []


@pytest.mark.parametrize("symbol", ["SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT"])
def test_the_cryptofeed_capture_replays_without_a_break(shared_data: Path, symbol: str) -> None:
    folder = shared_data / "l2"
    report = check_tape(folder / f"{CRYPTOFEED}.ws.gz", symbol, Venue.USDM, snapshots=folder / f"{CRYPTOFEED}.http.gz")
    assert report.in_sync
    assert (report.chain_breaks, report.crossed_books, report.malformed) == (0, 0, 0)
    assert report.bbo_checked + report.late_bbo_checked > 5
    assert report.bbo_matched == report.bbo_checked
    assert report.late_bbo_matched == report.late_bbo_checked


@each_venue
def test_a_good_tape_has_no_problems(tmp_path: Path, venue: Venue) -> None:
    report = check_tape(generated_tape(tmp_path / "tape.gz", venue))
    assert report.venue is venue
    assert report.problems == []
    assert (report.late_bbo_checked, report.late_bbo_matched) == (117, 117)


def test_bare_lines_are_a_tape_without_times(tmp_path: Path) -> None:
    report = check_tape(write_tape(tmp_path / "tape.gz", list(GeneratedMarket(5, Venue.USDM).frames(50))))
    assert (report.in_sync, report.first_local_ts_ns, report.latency) == (True, None, None)


@each_venue
def test_the_top_uses_the_venues_own_strings(tmp_path: Path, venue: Venue) -> None:
    frames = list(GeneratedMarket(5, venue).frames(3))
    report = check_tape(write_tape(tmp_path / "tape.gz", frames))
    snapshot = json.loads(frames[-1])
    assert report.top5 is not None
    assert [list(level) for level in report.top5.bids] == snapshot["bids"][:5]
    assert [list(level) for level in report.top5.asks] == snapshot["asks"][:5]


def test_a_truncated_tape_is_read_up_to_its_end(tmp_path: Path) -> None:
    path = generated_tape(tmp_path / "tape.gz")
    whole = check_tape(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    report = check_tape(path)
    assert 0 < report.lines < whole.lines
    assert any("is truncated" in problem for problem in report.problems)
    assert (report.chain_breaks, report.crossed_books) == (0, 0)


def test_a_missing_update_puts_the_book_out_of_sync_without_levels(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(5, Venue.USDM).frames(60))
    del frames[41]
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames)))
    assert report.chain_breaks == 1
    assert (report.in_sync, report.top5, report.levels, report.final_update_id) == (False, None, None, None)
    assert any("out of sync" in problem for problem in report.problems)


def test_a_missing_snapshot_is_reported(tmp_path: Path) -> None:
    frames = [raw for raw in GeneratedMarket(5, Venue.USDM).frames(60) if b"lastUpdateId" not in raw]
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames)))
    assert not report.in_sync
    assert any("No snapshot" in problem for problem in report.problems)


def test_a_book_that_crosses_is_counted_and_no_price_is_told(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(5, Venue.USDM).frames(30))
    frames[21] = frames[21].replace(b'"b":[', b'"b":[["900000.00","1.500"],')
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames)))
    assert (report.crossed_books, report.in_sync, report.top5) == (1, False, None)
    assert any("crossed" in problem for problem in report.problems)


def test_ids_that_start_anew_are_a_break_and_no_price_is_told(tmp_path: Path) -> None:
    market, later = GeneratedMarket(5, Venue.USDM), GeneratedMarket(6, Venue.USDM)
    market.update_id = 1_000_000
    frames = [*market.frames(30), *later.frames(2)]
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames)))
    assert (report.chain_breaks, report.repeated, report.in_sync, report.top5) == (1, 0, False, None)
    resynced = check_tape(write_tape(tmp_path / "two.gz", stamped([*frames, later.snapshot(), *later.frames(2)])))
    assert (resynced.chain_breaks, resynced.in_sync) == (1, True)
    assert resynced.final_update_id == later.update_id


def test_a_snapshot_resyncs_a_broken_book_and_is_ignored_in_sync(tmp_path: Path) -> None:
    market = GeneratedMarket(5, Venue.USDM)
    frames = [*market.frames(30), market.snapshot(), *list(market.frames(2))]
    good = check_tape(write_tape(tmp_path / "good.gz", stamped(frames)))
    assert good.in_sync
    assert any("2 snapshots" in problem for problem in good.problems)
    del frames[21]
    resynced = check_tape(write_tape(tmp_path / "mended.gz", stamped(frames)))
    assert (resynced.in_sync, resynced.chain_breaks) == (True, 1)
    assert resynced.top5 == good.top5


def test_receive_times_in_microseconds_are_read_and_reported(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(5, Venue.USDM).frames(20))
    lines = [b"%d %s" % ((EPOCH_MS + 500 + 50 * n) * 1000, raw) for n, raw in enumerate(frames)]
    report = check_tape(write_tape(tmp_path / "tape.gz", lines))
    assert report.first_local_ts_ns == (EPOCH_MS + 500) * 1_000_000
    assert report.problems == ["Receive times are in us, not ns."]


def test_a_recorders_slow_clock_is_reported_and_not_hidden(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(5, Venue.USDM).frames(20))
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames, (EPOCH_MS - 5_000) * 1_000_000)))
    assert report.latency is not None
    assert report.latency.negative_share == 1.0
    assert report.latency.min_ms < -5_000
    assert any("clock was behind" in problem for problem in report.problems)


def test_lines_that_are_no_messages_are_counted(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(5, Venue.USDM).frames(20))
    lines = [*stamped(frames), b"garbage", b"1723161255030314667 {not json", b"\xff\xfe"]
    assert check_tape(write_tape(tmp_path / "tape.gz", lines)).malformed == 3


def test_a_repeated_update_is_counted_and_harms_nothing(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(5, Venue.USDM).frames(20))
    frames.insert(31, frames[29])
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames)))
    assert (report.in_sync, report.repeated, report.chain_breaks) == (True, 1, 0)


@pytest.mark.parametrize(
    ("symbol", "venue", "message"),
    [
        ("ETHUSDT", None, r"has no depth of ETHUSDT\..*Choose one of BTCUSDT with `symbol`\."),
        (None, Venue.USDM, r"is a tape of spot, not of usdm\. Use `venue=spot`\."),
    ],
)
def test_another_symbol_or_venue_than_named_is_refused(
    tmp_path: Path, symbol: str | None, venue: Venue | None, message: str
) -> None:
    path = generated_tape(tmp_path / "tape.gz", Venue.SPOT, 10)
    with pytest.raises(InputError, match=message):
        check_tape(path, symbol, venue)


def test_several_symbols_want_one_named(tmp_path: Path) -> None:
    both = [*GeneratedMarket(1, Venue.USDM, "BTCUSDT").frames(5), *GeneratedMarket(2, Venue.USDM, "ETHUSDT").frames(5)]
    path = write_tape(tmp_path / "tape.gz", both)
    with pytest.raises(InputError, match=r"several symbols: BTCUSDT, ETHUSDT\. Choose one with `symbol`\."):
        check_tape(path)


def test_what_is_no_tape_is_refused_in_one_line(tmp_path: Path, twokey: Command) -> None:
    (tmp_path / "page.txt").write_text("# a page\n")
    for path in (tmp_path / "none.gz", tmp_path, tmp_path / "page.txt"):
        done = twokey("tape", "check", str(path))
        assert done.code == 2
        assert done.err.count("\n") == 1


def test_a_person_reads_the_book_and_every_problem(tmp_path: Path, twokey: Command) -> None:
    done = twokey("tape", "check", str(generated_tape(tmp_path / "tape.gz", Venue.SPOT)))
    assert done.code == 0
    assert "book in sync" in done.out
    assert "best prices equal to bookTicker at" in done.out
    lines = done.out.splitlines()
    head = next(place for place, line in enumerate(lines) if line.strip().startswith("bid size"))
    levels = [[float(cell) for cell in line.split()] for line in lines[head + 1 : head + 6]]
    assert [len(level) for level in levels] == [4] * 5
    bids, asks = [level[1] for level in levels], [level[2] for level in levels]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]


def test_info_counts_without_a_book(tmp_path: Path, twokey: Command) -> None:
    done = twokey("tape", "info", str(generated_tape(tmp_path / "tape.gz", count=30)), "--json")
    found = json.loads(done.out)
    assert found["symbols"] == {"BTCUSDT": {"depth": 30, "book_ticker": 30}, "": {"snapshot": 1}}
    assert found["lines"] == 61
    assert found["seconds"] == pytest.approx(3.0)
    assert "BTCUSDT" in twokey("tape", "info", str(tmp_path / "tape.gz")).out


def test_a_report_has_the_promised_fields() -> None:
    promised = (
        "lines messages chain_breaks crossed_books malformed bbo_checked bbo_matched final_update_id levels top5 "
    )
    promised += "first_local_ts_ns last_local_ts_ns"
    assert set(promised.split()) <= TapeReport.model_fields.keys()
