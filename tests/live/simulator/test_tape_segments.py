"""A tape that compiled code reads in blocks holds the lines that `TapeSource` reads one by one, with the same times."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.simulator.scaled_messages import scaled_tape
from live.simulator.tape_lines import SegmentedLines
from live.simulator.tape_segments import segments_of
from live.simulator.tape_source import Played, TapeSource
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.lines import read_blocks, read_lines
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE
from tests.live.simulator.tapes import TapeWriter

STAMP = "1723161256000000000 "
STRANGE = (
    "",
    "not a message",
    "}",
    STAMP + '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256001,"T":1723161256001,"s":"BTCUSDT","t":9,'
    '"p":"60000.10","q":"0.100","X":"INSURANCE_FUND","m":false}}',
    STAMP + '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256001,"T":1723161256001,"s":"BTCUSDT","t":1,'
    '"p":"6e4","q":"0.100","X":"MARKET","m":false}}',
    STAMP + '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5,"s":"BTCUSDT","b":"60000.123456789",'
    '"B":"1","a":"60001","A":"2.0","T":1723161256002,"E":1723161256002}}',
    STAMP + '{"stream":"btcusdt@bookTicker","data":{"u":5,"s":"BTCUSDT","b":"60000.1","B":"1","a":"60001","A":"2"}}',
    STAMP + '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1723161256002,"a":2,"s":"BTCUSDT",'
    '"p":"60000.00","q":"0.031","f":1,"l":3,"T":1723161256002,"m":true}}',
    STAMP + '{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1723161256000,"s":"BTCUSDT",'
    '"p":"60000.5","i":"60001","r":"0.0001","T":1723190400000}}',
    STAMP + '{"stream":"btcusdt@depth5@100ms","data":{"e":"depthUpdate","E":1723161256000,"T":1723161256000,'
    '"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[["60000.0","1"]],"a":[]}}',
    STAMP + '{"stream":"ethusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161255000,"T":1723161255000,'
    '"s":"ETHUSDT","U":3,"u":9,"pu":2,"st":1,"ps":"ETHUSDT","b":[["2600.01","0.5"],["2600.00","0"]],"a":[]}}',
    STAMP + '{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161255000,"T":1723161255000,'
    '"s":"BTCUSDT","U":3,"u":9,"pu":2,"st":2,"b":[],"a":[]}}',
    STAMP + '{"stream":"btcusd_perp@trade","data":{"e":"trade","E":1723161256001,"T":1723161256001,'
    '"s":"BTCUSD_PERP","t":9,"p":"60000.1","q":"1","X":"MARKET","m":false}}',
    STAMP + '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256001000,"T":1723161256001000,"s":"BTCUSDT",'
    '"t":77,"p":"60000.10","q":"0.100","m":false}}',
    STAMP + '{"lastUpdateId":1,"bids":[["60000.0","1"]],"asks":[["60000.1","1"]]}',
    STAMP + '{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1723161256001,"s":"BTCUSDT","k":{}}}',
)


def one_by_one(tape: Path) -> list[Played]:
    return list(scaled_tape(TapeSource().read(read_lines(tape))))


def from_segments(tape: Path, block_bytes: int) -> list[Played]:
    lines, found = SegmentedLines(segments_of(read_blocks(tape), block_bytes)), list[Played]()
    while (line := lines.peek()) is not None:
        assert lines.next_ns == line.time_ns
        found.append(line)
        lines.advance()
    return found


def in_parts(folder: Path, lines: list[str], line_end: str = "\n") -> Path:
    """A tape of three files."""
    third = len(lines) // 3 + 1
    for part in range(3):
        text = line_end.join(lines[part * third : (part + 1) * third])
        (folder / f"{part}.ts_jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return folder


@pytest.mark.parametrize("block_bytes", [50_000, 1 << 22])
def test_the_sample_is_read_as_line_by_line(block_bytes: int) -> None:
    assert from_segments(SAMPLE_TAPE, block_bytes) == one_by_one(SAMPLE_TAPE)


CHANGES = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["drop", "repeat", "cut", "join", "late", *STRANGE])), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.integers(1, 5), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([700, 1 << 22]))
def test_whatever_a_tape_holds_is_read_as_line_by_line(
    changes: list[tuple[int, str]], seed: int, line_end: str, block_bytes: int
) -> None:
    lines = list(TapeWriter(seed, wanders=True).lines(150))
    for place, change in changes:
        at = place % len(lines)
        if change == "drop":
            del lines[at]
        elif change in ("repeat", "late"):
            lines.insert(at if change == "repeat" else (at * 7) % len(lines), lines[at])
        elif change in ("cut", "join"):
            lines[at] = lines[at][: place % 97] + (lines[(at + 1) % len(lines)] if change == "join" else "")
        else:
            lines.insert(at, change)
    with TemporaryDirectory() as folder:
        tape = in_parts(Path(folder), lines, line_end)
        assert from_segments(tape, block_bytes) == one_by_one(tape)


def test_a_snapshot_without_a_symbol_waits_for_evidence_across_blocks(tmp_path: Path) -> None:
    first, second = TapeWriter(1), TapeWriter(2, "ETHUSDT", 26_000)
    lines = [*first.lines(40), *second.lines(40)]
    tape = in_parts(tmp_path, [lines[0], *sorted(lines[1:])])
    found = one_by_one(tape)
    assert {line.symbol for line in found} == {"BTCUSDT", "ETHUSDT"}
    assert from_segments(tape, 500) == found


@pytest.mark.parametrize("count", [3, 6_000])
def test_a_tape_of_the_spot_market_is_refused(tmp_path: Path, count: int) -> None:
    tape = tmp_path / "spot.jsonl"
    update = '{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161256000,"s":"BTCUSDT","U":1,"u":2,'
    tape.write_text("\n".join([update + '"b":[],"a":[]}}'] * count))
    for read in (one_by_one, lambda path: from_segments(path, 2_000)):
        with pytest.raises(InputError, match="no updates of USD-M futures"):
            read(tape)
