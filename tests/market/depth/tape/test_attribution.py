"""Attribution: a snapshot goes to the symbol whose chain and prices it fits, and to none if that is not certain."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import Snapshot, Venue
from skills_lib.market.depth.tape.attribution import attributed
from skills_lib.market.depth.tape.check import check_tape, venues_on
from skills_lib.market.depth.tape.importing import import_tape
from skills_lib.market.depth.tape.lines import parse_line
from skills_lib.market.scanner import scan_tapes
from tests.command import Command
from tests.market.depth.generated_stream import GeneratedMarket
from tests.market.depth.generated_tape import stamped, write_tape


def market(symbol: str, mid: int, update_id: int = 1_000, venue: Venue = Venue.USDM, seed: int = 5) -> GeneratedMarket:
    """A market around `mid` ticks whose ids start at `update_id`."""
    made = GeneratedMarket(seed, venue, symbol)
    shift = mid - made.mid
    made.bids, made.asks = ({price + shift: size for price, size in side.items()} for side in (made.bids, made.asks))
    made.mid, made.update_id = mid, update_id
    return made


def interleaved(*markets: GeneratedMarket, count: int = 30) -> list[bytes]:
    """Frames of several markets in turn, with one snapshot of each."""
    return [frame for frames in zip(*(made.frames(count) for made in markets), strict=True) for frame in frames]


def placed(frames: list[bytes]) -> list[tuple[str, str]]:
    """The symbol and the refusal of each snapshot."""
    lines = (line for frame in frames if (line := parse_line(frame)))
    return [(entry.symbol, entry.refusal) for entry in attributed(lines) if isinstance(entry.message, Snapshot)]


def test_snapshots_go_to_the_symbols_whose_prices_they_hold() -> None:
    frames = interleaved(market("BTCUSDT", 600_000), market("ETHUSDT", 30_000))
    assert [symbol for symbol, _ in placed(frames)] == ["BTCUSDT", "ETHUSDT"]


@pytest.mark.parametrize("venue", Venue)
def test_symbols_of_like_prices_are_told_apart_by_their_chains(venue: Venue) -> None:
    near, far = market("BTCUSDT", 600_000, 1_000, venue), market("BTCUSDC", 600_030, 90_000, venue, seed=6)
    assert [symbol for symbol, _ in placed(interleaved(near, far))] == ["BTCUSDT", "BTCUSDC"]


def test_a_snapshot_that_fits_two_symbols_is_refused() -> None:
    frames = interleaved(market("BTCUSDT", 600_000), market("BTCUSDC", 600_030, seed=6))
    for symbol, refusal in placed(frames):
        assert symbol == ""
        assert "those of BTCUSDC and BTCUSDT fit" in refusal


def test_a_snapshot_that_fits_no_symbol_is_refused_and_told(tmp_path: Path) -> None:
    frames = interleaved(market("BTCUSDT", 600_000), market("ETHUSDT", 30_000))
    stranger = market("SOLUSDT", 1_500).snapshot()
    frames = [frame for frame in frames if b"lastUpdateId" not in frame] + [stranger]
    assert "none of the tape fits" in placed(frames)[0][1]
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames)), "BTCUSDT")
    assert not report.in_sync
    assert any("1 lines: a snapshot without a symbol cannot be placed" in problem for problem in report.problems)


def test_another_symbols_snapshot_never_becomes_the_only_symbols_book(tmp_path: Path) -> None:
    frames = list(market("BTCUSDT", 600_000).frames(30))
    frames = [market("ETHUSDT", 30_000).snapshot(), *(raw for raw in frames if b"lastUpdateId" not in raw)]
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(frames)))
    assert (report.in_sync, report.top5, report.messages["snapshot"]) == (False, None, 0)


def test_each_command_reads_the_book_of_each_symbol(tmp_path: Path) -> None:
    frames = interleaved(market("BTCUSDT", 600_000), market("ETHUSDT", 30_000))
    path = write_tape(tmp_path / "two.jsonl.gz", stamped(frames))
    for symbol, low, high in (("BTCUSDT", 59_900, 60_100), ("ETHUSDT", 2_990, 3_010)):
        report = check_tape(path, symbol)
        assert report.in_sync
        assert report.top5 is not None
        assert low < float(report.top5.bids[0][0]) < high
        imported = import_tape(path, symbol, Venue.USDM, tmp_path / "tapes")
        assert imported.report.top5 == report.top5
        assert imported.report.messages["snapshot"] == 1
    assert {row.symbol for row in scan_tapes(path).rows} == {"BTCUSDT", "ETHUSDT"}


def test_a_symbol_that_appears_late_is_scanned_with_its_own_book(tmp_path: Path) -> None:
    early = list(market("BTCUSDT", 600_000).frames(3_000))
    late = list(market("ETHUSDT", 30_000, 90_000).frames(60))
    found = scan_tapes(write_tape(tmp_path / "late.jsonl.gz", stamped(early + late)))
    assert {row.symbol for row in found.rows} == {"BTCUSDT", "ETHUSDT"}


def of_coin_m(frames: list[bytes]) -> list[bytes]:
    """The frames as those of a COIN-M contract."""
    renamed = [raw.replace(b"btcusdt", b"btcusd_perp").replace(b"BTCUSDT", b"BTCUSD_PERP") for raw in frames]
    return [raw.replace(b'"pu":', b'"st":2,"pu":') for raw in renamed]


def test_coin_m_is_refused_by_name_wherever_a_tape_is_read(tmp_path: Path, twokey: Command) -> None:
    path = write_tape(tmp_path / "coin.jsonl.gz", stamped(of_coin_m(list(GeneratedMarket(5, Venue.USDM).frames(30)))))
    imported = ("tape", "import", str(path), "--symbol", "BTCUSD_PERP", "--venue", "usdm")
    for words in (("tape", "check", str(path)), imported, ("simulate", "--port", "0", "--tape", str(path))):
        done = twokey(*words)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "COIN-M" in done.err
    found = scan_tapes(path)
    assert found.rows == []
    assert "COIN-M" in found.skipped["coin.jsonl.gz"]


def test_coin_m_lines_do_not_disturb_a_tape_of_usd_m(tmp_path: Path) -> None:
    usd, coin = (
        list(GeneratedMarket(5, Venue.USDM).frames(30)),
        of_coin_m(list(GeneratedMarket(6, Venue.USDM).frames(30))),
    )
    coin = [raw for raw in coin if b"lastUpdateId" not in raw]
    both = [raw for pair in zip(usd, [*coin, b"{}"], strict=True) for raw in pair]
    report = check_tape(write_tape(tmp_path / "tape.gz", stamped(both)))
    assert (report.symbol, report.in_sync, report.chain_breaks) == ("BTCUSDT", True, 0)


def both_venues() -> list[bytes]:
    """BTCUSDT of two venues in one file; spot's ids and prices differ a little, as they do."""
    futures, spot = market("BTCUSDT", 600_000), market("BTCUSDT", 600_020, 70_000, Venue.SPOT, seed=6)
    spot.places = (2, 3)
    return interleaved(futures, spot, count=40)


def test_two_venues_in_one_file_are_told_and_never_mixed(tmp_path: Path) -> None:
    path = write_tape(tmp_path / "both.jsonl.gz", stamped(both_venues()))
    assert venues_on(path) == {"BTCUSDT": [Venue.USDM, Venue.SPOT]}
    with pytest.raises(InputError, match=r"BTCUSDT of two venues, spot and usdm\. Choose one with `venue=usdm`"):
        check_tape(path)
    for venue in Venue:
        report = check_tape(path, None, venue)
        assert (report.in_sync, report.chain_breaks, report.messages["snapshot"]) == (True, 0, 1)
        assert any("are of" in problem for problem in report.problems)
    assert "two venues" in scan_tapes(path).skipped["both.jsonl.gz"]


def test_a_symbol_that_names_a_path_writes_nothing(tmp_path: Path, twokey: Command) -> None:
    frames = [raw.replace(b"BTCUSDT", b"../../../x") for raw in GeneratedMarket(5, Venue.USDM).frames(10)]
    path = write_tape(tmp_path / "tape.gz", stamped(frames))
    done = twokey("tape", "import", str(path), "--symbol", "../../../X", "--venue", "usdm")
    assert done.code == 2
    with pytest.raises(InputError, match="is not a symbol"):
        import_tape(path, "../../../x", Venue.USDM, tmp_path / "deep" / "tapes")
    assert sorted(tmp_path.rglob("*.zst")) == []


@pytest.mark.parametrize("symbol", ["币安人生USDT", "一二三四五六七八九十USDT", "BTCUSDC", "ETHBTC", "BTCUSDT_241227"])
def test_symbols_of_any_script_quote_and_delivery_are_read(tmp_path: Path, twokey: Command, symbol: str) -> None:
    path = write_tape(tmp_path / "tape.jsonl.gz", stamped(list(GeneratedMarket(5, Venue.USDM, symbol).frames(40))))
    done = twokey("tape", "import", str(path), "--symbol", symbol, "--venue", "usdm", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["symbol"], found["in_sync"]) == (symbol, True)
    (row,) = scan_tapes(Path(found["folder"])).rows
    quotes = {"ETHBTC": "BTC", "BTCUSDC": "USDC"}
    assert (row.symbol, row.quote) == (symbol, quotes.get(symbol, "USDT"))
    table = twokey("scan", "--tape", str(path)).out.splitlines()
    assert {cell_len(line) for line in table[:2]} == {max(cell_len(line) for line in table[:2])}  # columns align
