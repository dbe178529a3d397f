"""Formats: text in every encoding and with every line end is read; foreign formats are named and never echoed."""

import gzip
import io
import json
import sqlite3
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.check import check_tape
from skills_lib.market.depth.tape.formats.text import utf8_chunks
from skills_lib.market.depth.tape.lines import parse_line, read_blocks, read_lines
from skills_lib.market.depth.wire import decode
from skills_lib.market.scanner import scan_tapes
from tests.command import Command
from tests.market.depth.generated_stream import EPOCH_MS, GeneratedMarket
from tests.market.depth.generated_tape import stamped

FRAMES = stamped(list(GeneratedMarket(5, Venue.USDM).frames(40)))
SECRET = "a-value-that-no-message-may-repeat"


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_tape_reads_the_same_in_every_encoding(tmp_path: Path, encoding: str, line_end: str) -> None:
    (tmp_path / "tape.jsonl").write_bytes(line_end.join(line.decode() for line in FRAMES).encode(encoding))
    report = check_tape(tmp_path / "tape.jsonl")
    assert (report.in_sync, report.malformed, report.lines) == (True, 0, len(FRAMES))
    assert report.messages["snapshot"] == 1


def test_files_with_marks_that_were_appended_read_as_one(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    (tmp_path / "tape.jsonl").write_bytes(
        b"\r\n".join((mark + FRAMES[0], *FRAMES[1:9], mark + FRAMES[9], *FRAMES[10:]))
    )
    report = check_tape(tmp_path / "tape.jsonl")
    assert (report.malformed, report.lines, report.chain_breaks) == (0, len(FRAMES), 0)


@given(st.lists(st.sampled_from([b"1 {1}", b"\r", b"\n", b"\r\n", b"1 {}"])))
def test_blocks_end_with_a_line(parts: list[bytes]) -> None:
    text = b"".join(parts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tape.jsonl"
        path.write_bytes(b"1 {0}" * 2_000 + b"\n" + text)
        blocks = [block for block in read_blocks(path) if isinstance(block, bytes)]
    assert all(block.endswith((b"\n", b"\r")) for block in blocks)
    found = [line for block in blocks for line in block.splitlines() if line]
    assert found[1:] == [line for line in text.splitlines() if line]


@given(st.text(max_size=20), st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]), st.integers(1, 7))
def test_chunks_of_any_size_decode_to_the_same_text(text: str, encoding: str, size: int) -> None:
    data = text.encode(encoding)
    chunks = [data[place : place + size] for place in range(0, len(data), size)]
    assert b"".join(utf8_chunks(chunks)) == text.encode()


def test_what_precedes_a_damage_is_read(tmp_path: Path) -> None:
    packed = gzip.compress(b"\n".join(FRAMES[:30]), mtime=0)
    (tmp_path / "tape.gz").write_bytes(packed[: len(packed) - 9])
    assert len(list(read_lines(tmp_path / "tape.gz"))) > 20


def tardis(line: bytes, wrapped: bool) -> str:
    """A stamped line as Tardis's API or its machine writes it."""
    stamp, raw = line.split(b" ", 1)
    second, fraction = divmod(int(stamp), 10**9)
    text = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{fraction // 100:07d}Z"
    return f'{{"localTimestamp":"{text}","message":{raw.decode()}}}' if wrapped else f"{text} {raw.decode()}"


@pytest.mark.parametrize("wrapped", [False, True])
def test_tardis_raw_data_is_read_with_its_receive_times(tmp_path: Path, wrapped: bool) -> None:
    (tmp_path / "raw.jsonl").write_text("\n".join(tardis(line, wrapped) for line in FRAMES), encoding="utf-8")
    report = check_tape(tmp_path / "raw.jsonl")
    assert (report.in_sync, report.malformed, report.problems) == (True, 0, [])
    assert report.first_local_ts_ns == int(FRAMES[0].split()[0])


def test_the_symbol_of_a_generated_snapshot_is_that_of_its_stream() -> None:
    data = '{"lastUpdateId":1,"bids":[],"asks":[]}'
    raw = f'2024-08-08T23:54:15Z {{"stream":"ethusdt@depthSnapshot","generated":true,"data":{data}}}'
    line = parse_line(raw.encode())
    assert getattr(decode(line.raw), "symbol", None) == "ETHUSDT"  # type: ignore[union-attr]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_time_are_found_stream_by_stream(tmp_path: Path, unit: str) -> None:
    factor = {"s": 0.001, "ms": 1, "us": 1_000, "ns": 1_000_000}[unit]
    lines = []
    for line in FRAMES:
        stamp, raw = line.split(b" ", 1)
        message = json.loads(raw)
        if message.get("stream", "").endswith("bookTicker"):  # only one of the streams is in another unit
            message["data"] |= {"E": int(message["data"]["E"] * factor), "T": int(message["data"]["T"] * factor)}
        lines.append(stamp + b" " + json.dumps(message).encode())
    (tmp_path / "tape.jsonl").write_bytes(b"\n".join(lines))
    report = check_tape(tmp_path / "tape.jsonl")
    assert (report.in_sync, report.malformed, report.problems) == (True, 0, [])


def test_event_times_in_microseconds_give_latencies_in_milliseconds(tmp_path: Path) -> None:
    spot = [raw.replace(b'"E":1723', b'"E":1723') for raw in GeneratedMarket(5, Venue.SPOT).frames(30)]
    lines = []
    for line in stamped(spot):
        stamp, raw = line.split(b" ", 1)
        message = json.loads(raw)
        if "E" in message.get("data", {}):
            message["data"]["E"] *= 1_000
        lines.append(stamp + b" " + json.dumps(message).encode())
    (tmp_path / "tape.jsonl").write_bytes(b"\n".join(lines))
    report = check_tape(tmp_path / "tape.jsonl")
    assert report.latency is not None
    assert 0 < report.latency.max_ms < 10_000


CSVS = {
    "Tardis incremental_book_L2": "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount",
    "Tardis book_snapshot_2 ": "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,"
    "bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount",
    "Tardis trades": "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
    "book_ticker": "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount",
    "derivative_ticker": "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,"
    "predicted_funding_rate,open_interest,last_price,index_price,mark_price",
    "a bookTicker CSV": "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time",
    "a trades CSV": "id,price,qty,quote_qty,time,is_buyer_maker",
    "an? aggTrades CSV": "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
    "bookDepth": "timestamp,percentage,depth,notional",
    "T_DEPTH": "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu",
    "twokey data import": "open_time,open,high,low,close,volume",
    "no format that is known": "1,2,3,4,5,6",
}


@pytest.mark.parametrize("said", CSVS)
@pytest.mark.parametrize("packed", [False, True])
def test_csv_files_are_named_for_what_they_are(tmp_path: Path, said: str, packed: bool) -> None:
    rows = f"{CSVS[said]}\n" + ",".join([SECRET] * (CSVS[said].count(",") + 1)) + "\n"
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(rows.encode()) if packed else rows.encode("utf-8-sig"))
    with pytest.raises(InputError, match=said) as refusal:
        check_tape(path)
    assert SECRET not in str(refusal.value)
    assert str(scan_tapes(path).skipped["rows.csv.gz"]) == str(refusal.value)


JSONS = {
    "ccxt": {"symbol": "BTC/USDT:USDT", "bids": [[1.0, 2.0]], "asks": [[3.0, 4.0]], "timestamp": 1, "nonce": 5},
    "Tardis's normalised data": {"type": "book_change", "symbol": "BTCUSDT", "localTimestamp": "x", "bids": []},
    "recording of Bybit": {"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "data": {}},
    "recording of OKX": {"arg": {"channel": "books", "instId": "BTC-USDT-SWAP"}, "data": []},
}


@pytest.mark.parametrize("said", JSONS)
@pytest.mark.parametrize("stamp", ["", "1723161255030314667 ", "2024-08-08T23:54:15.0303146Z "])
def test_json_of_others_is_named_for_what_it_is(tmp_path: Path, said: str, stamp: str) -> None:
    (tmp_path / "lines.jsonl").write_text(f"{stamp}{json.dumps(JSONS[said] | {'x': SECRET})}\n" * 3, encoding="utf-8")
    with pytest.raises(InputError, match=said) as refusal:
        check_tape(tmp_path / "lines.jsonl")
    assert SECRET not in str(refusal.value)


def binary_files(folder: Path) -> dict[str, bytes]:
    """Binary files that people have, by what is said of them."""
    arrays, packed, table = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.savez(arrays, data=np.zeros(3))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("BTCUSDT-aggTrades-2024-08-08.csv", "1,2,3")
    with tarfile.open(fileobj=table, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    with sqlite3.connect(folder / "x.sqlite") as database:
        database.execute("CREATE TABLE x (y)")
    return {
        "NumPy arrays": arrays.getvalue(),
        "Binance's public archive": packed.getvalue(),
        "tar archive": table.getvalue(),
        "SQLite": (folder / "x.sqlite").read_bytes(),
        "Parquet": b"PAR1" + bytes(100),
        "pickle": b"\x80\x04\x95" + bytes(20),
        "xz": b"\xfd7zXZ\0\0",
        "web page": b"<!DOCTYPE html><html><body>404</body></html>",
        "unknown format": bytes(range(256)) * 4,
        "JSON document": b'[\n  {"stream": "x"}\n]',
    }


def test_binary_files_are_named_in_one_line(tmp_path: Path, twokey: Command) -> None:
    for said, content in binary_files(tmp_path).items():
        (tmp_path / "file.dat").write_bytes(content)
        done = twokey("tape", "check", str(tmp_path / "file.dat"))
        assert (done.code, done.err.count("\n")) == (2, 1), said
        assert said in done.err


@given(st.binary(max_size=300))
def test_no_content_makes_the_reader_fail_otherwise(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tape.jsonl"
        path.write_bytes(content)
        refusal = ""
        try:
            check_tape(path)
        except InputError as error:
            refusal = str(error)
        assert "\n" not in refusal


def test_a_header_comment_does_not_make_a_tape_foreign(tmp_path: Path) -> None:
    (tmp_path / "tape.jsonl").write_bytes(b"\n".join([b"# symbol, venue, host", *FRAMES]))
    report = check_tape(tmp_path / "tape.jsonl")
    assert (report.in_sync, report.malformed) == (True, 1)
    assert report.first_local_ts_ns == (EPOCH_MS + 200) * 1_000_000
