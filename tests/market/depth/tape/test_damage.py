"""Damaged tapes: cut anywhere, with garbage anywhere, whatever is whole is read, and the loss is reported."""

import gzip
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.check import check_tape
from skills_lib.market.depth.tape.info import describe_tape
from skills_lib.market.depth.tape.lines import BadLine, TapeDamage, TapeLine, read_lines, tape_files
from skills_lib.market.depth.tape.store import Manifest, TapeWriter
from tests.market.depth.generated_stream import GeneratedMarket
from tests.market.depth.generated_tape import stamped

zstandard = pytest.importorskip("zstandard", reason="the extra `live` is not installed")

Pack = Callable[[bytes], bytes]


def gzipped(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


def zstd(text: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(text)


def unpacked(packing: str, packed: bytes) -> bytes:
    """What another unpacker gets from the beginning of a block."""
    unpacker = zlib.decompressobj(wbits=31) if packing == "gz" else zstandard.ZstdDecompressor().decompressobj()
    return b"".join(unpacker.decompress(packed[n : n + 1]) for n in range(len(packed)))


PACKINGS: dict[str, Pack] = {"gz": gzipped, "zst": zstd}
LINES = stamped(list(GeneratedMarket(4, Venue.USDM).frames(7)))
TEXTS = [b"\n".join(lines) + b"\n" for lines in (LINES[:4], LINES[4:9], LINES[9:15])]
each_packing = pytest.mark.parametrize("packing", PACKINGS)


def read(path: Path) -> tuple[list[bytes], list[TapeDamage], list[BadLine]]:
    """The whole lines of a tape as written, and what is reported of the rest."""
    found = list(read_lines(path))
    whole = [b"%d %s" % (line.local_ts_ns or 0, line.raw) for line in found if isinstance(line, TapeLine)]
    return (
        whole,
        [line for line in found if isinstance(line, TapeDamage)],
        [line for line in found if isinstance(line, BadLine)],
    )


def whole_lines(text: bytes) -> list[bytes]:
    """The lines of a text that end."""
    return text.split(b"\n")[:-1]


@each_packing
def test_a_block_cut_at_any_byte_loses_its_last_line_and_nothing_of_the_next(tmp_path: Path, packing: str) -> None:
    first, second = (PACKINGS[packing](text) for text in TEXTS[:2])
    path = tmp_path / f"tape.ts_jsonl.{packing}"
    for cut in range(len(first) + 1):
        path.write_bytes(first[:cut] + second)
        whole, damages, bad = read(path)
        assert whole == whole_lines(unpacked(packing, first[:cut])) + whole_lines(TEXTS[1]), cut
        assert len(damages) == (0 < cut < len(first)), cut
        assert not bad


@each_packing
def test_a_file_cut_at_any_byte_reads_up_to_its_last_whole_line(tmp_path: Path, packing: str) -> None:
    blocks = [PACKINGS[packing](text) for text in TEXTS]
    path = tmp_path / f"tape.ts_jsonl.{packing}"
    for cut in range(len(blocks[2])):
        path.write_bytes(blocks[0] + blocks[1] + blocks[2][:cut])
        whole, damages, _ = read(path)
        assert whole == whole_lines(TEXTS[0] + TEXTS[1] + unpacked(packing, blocks[2][:cut])), cut
        assert [damage.at_end for damage in damages] == [True] * (cut > 0), cut


@each_packing
@settings(max_examples=60)
@given(st.data())
def test_garbage_between_blocks_is_reported_and_the_blocks_are_read(
    tmp_path_factory: pytest.TempPathFactory, packing: str, data: st.DataObject
) -> None:
    blocks = [PACKINGS[packing](text) for text in TEXTS]
    place = data.draw(st.integers(0, 3))
    rng = random.Random(data.draw(st.integers(0, 10_000)))
    garbage = rng.randbytes(data.draw(st.integers(1, 3_000)))
    path = tmp_path_factory.getbasetemp() / f"garbage.ts_jsonl.{packing}"
    path.write_bytes(b"".join([*blocks[:place], garbage, *blocks[place:]]))
    whole, damages, _ = read(path)
    assert whole == LINES
    assert [damage.lost_bytes for damage in damages] == ([] if not garbage.strip(b"\0") else [len(garbage)])


@each_packing
@settings(max_examples=60)
@given(st.data())
def test_a_flipped_byte_costs_one_block_at_most(
    tmp_path_factory: pytest.TempPathFactory, packing: str, data: st.DataObject
) -> None:
    blocks = [bytearray(PACKINGS[packing](text)) for text in TEXTS]
    hit = data.draw(st.integers(0, 2))
    place = data.draw(st.integers(0, len(blocks[hit]) - 1))
    blocks[hit][place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / f"flipped.ts_jsonl.{packing}"
    path.write_bytes(b"".join(blocks))
    whole, _, _ = read(path)
    others = [line for n, text in enumerate(TEXTS) if n != hit for line in whole_lines(text)]
    assert [line for line in whole if line in others] == others


def test_our_own_frames_carry_a_checksum(tmp_path: Path) -> None:
    with TapeWriter(tmp_path / "tape", Manifest(symbol="BTCUSDT", venue=Venue.USDM, origin="a test")) as writer:
        for n, raw in enumerate(GeneratedMarket(1, Venue.USDM).frames(200)):
            writer.write(1_790_000_000_000_000_000 + n * 10_000_000, raw)
    (part,) = (tmp_path / "tape").glob("*.zst")
    assert zstandard.get_frame_parameters(part.read_bytes()[:18]).has_checksum


def test_a_tape_that_was_cut_and_continued_is_in_sync_by_its_second_snapshot(tmp_path: Path) -> None:
    market = GeneratedMarket(5, Venue.USDM)
    first = gzipped(b"\n".join(stamped(list(market.frames(60)))) + b"\n")
    list(market.frames(50))  # while nobody recorded
    later = stamped([market.snapshot(), *market.frames(60)], 1_790_000_000_000_000_000)
    path = tmp_path / "tape.jsonl.gz"
    path.write_bytes(first[: len(first) // 2] + gzipped(b"\n".join(later) + b"\n"))
    report = check_tape(path)
    assert (report.in_sync, report.final_update_id, report.chain_breaks) == (True, market.update_id, 1)
    assert report.lost_bytes > 0
    assert any("breaks off at byte" in problem for problem in report.problems)
    assert any("breaks off at byte" in problem for problem in describe_tape(path).problems)


@pytest.mark.parametrize("bare", [False, True])
def test_a_plain_line_cut_short_costs_only_itself(tmp_path: Path, bare: bool) -> None:
    lines = [line.split(b" ", 1)[1] if bare else line for line in LINES if b"lastUpdateId" not in line]
    path = tmp_path / "tape.jsonl"
    for cut in range(1, len(lines[1])):
        path.write_bytes(b"\n".join([lines[0], lines[1][:cut] + lines[2], lines[3]]) + b"\n")
        found = [line for line in read_lines(path) if isinstance(line, TapeLine)]
        assert [line.raw for line in found[-2:]] == [line.split(b" ", 1)[-1] for line in lines[2:4]], cut
        if not bare:
            assert found[-2].local_ts_ns == int(lines[2].split(b" ")[0]), cut


@pytest.mark.parametrize(
    "names",
    [
        ["part-1.ts_jsonl.gz", "part-2.ts_jsonl.gz", "part-10.ts_jsonl.gz"],
        ["part-0009.ts_jsonl.zst", "part-10.ts_jsonl.gz", "part-00011.ts_jsonl.zst"],
        ["part-9999.ts_jsonl.zst", "part-10000.ts_jsonl.zst"],
        ["BTC.ts_jsonl.gz", "BTC2.ts_jsonl.gz", "BTC10.ts_jsonl.gz"],
        ["2.ts_jsonl.gz", "10.ts_jsonl.gz", "a.ts_jsonl.gz"],
        ["20240808T2359-2.ts_jsonl.gz", "20240808T2359-12.ts_jsonl.gz", "20240809T0000-1.ts_jsonl.gz"],
    ],
)
def test_parts_are_read_in_the_order_of_their_numbers(tmp_path: Path, names: list[str]) -> None:
    for name in sorted(names):
        (tmp_path / name).write_bytes(b"")
    assert [file.name for file in tape_files(tmp_path)] == names
