"""Tapes: written in complete frames, hashed, imported and exported byte for byte."""

import gzip
import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.check import check_tape
from skills_lib.market.depth.tape.exporting import (
    BUY_EVENT,
    DEPTH_CLEAR_EVENT,
    EVENT_DTYPE,
    EXCH_EVENT,
    LOCAL_EVENT,
    SELL_EVENT,
    ordered,
)
from skills_lib.market.depth.tape.importing import import_tape
from skills_lib.market.depth.tape.lines import TapeLine, read_lines
from skills_lib.market.depth.tape.store import Manifest, TapeWriter, find_damage, read_manifest
from skills_lib.settings import Settings
from tests.command import Command
from tests.market.depth.generated_stream import EPOCH_MS, GeneratedMarket
from tests.market.depth.generated_tape import STEP_NS, generated_tape, stamped, write_tape

pytest.importorskip("zstandard", reason="the extra `live` is not installed")
MANIFEST = Manifest(symbol="BTCUSDT", venue=Venue.USDM, origin="a test")


def lines(path: Path) -> list[tuple[int | None, bytes]]:
    """Times and bytes of a tape."""
    return [(line.local_ts_ns, line.raw) for line in read_lines(path) if isinstance(line, TapeLine)]


def test_what_is_written_is_read_again_byte_for_byte(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(1, Venue.USDM).frames(80))
    message = [(1_723_161_255_030_314_667 + n * STEP_NS, raw) for n, raw in enumerate(frames)]
    with TapeWriter(tmp_path / "tape", MANIFEST.model_copy(deep=True), part_minutes=1 / 60) as writer:
        for local_ts_ns, raw in message:
            writer.write(local_ts_ns, raw)
    assert lines(tmp_path / "tape") == message
    manifest = read_manifest(tmp_path / "tape")
    assert manifest is not None
    assert len(manifest.parts) > 3
    assert sum(part.lines for part in manifest.parts) == len(message)
    assert find_damage(tmp_path / "tape") == []


def test_a_killed_writer_loses_at_most_unflushed_lines(tmp_path: Path) -> None:
    writer = TapeWriter(tmp_path / "tape", MANIFEST.model_copy(deep=True))
    frames = list(GeneratedMarket(1, Venue.USDM).frames(100))
    for n, raw in enumerate(frames):
        writer.write(EPOCH_MS * 1_000_000 + n * STEP_NS, raw)
    stored = lines(tmp_path / "tape")
    assert len(frames) - len(stored) <= 1_000_000_000 // STEP_NS
    assert [raw for _, raw in stored] == frames[: len(stored)]
    assert "never finished" in find_damage(tmp_path / "tape")[0]


def test_a_file_cut_in_the_middle_of_a_frame_reads_up_to_it(tmp_path: Path) -> None:
    frames = list(GeneratedMarket(1, Venue.USDM).frames(100))
    with TapeWriter(tmp_path / "tape", MANIFEST.model_copy(deep=True)) as writer:
        for n, raw in enumerate(frames):
            writer.write(EPOCH_MS * 1_000_000 + n * STEP_NS, raw)
    (part,) = (tmp_path / "tape").glob("*.zst")
    part.write_bytes(part.read_bytes()[:-40])
    report = check_tape(tmp_path / "tape")
    assert 100 < report.lines < len(frames)
    assert (report.in_sync, report.malformed) == (True, 0)
    assert sum("truncated" in problem or "its hash differs" in problem for problem in report.problems) == 2


def test_a_missing_part_is_reported(tmp_path: Path) -> None:
    with TapeWriter(tmp_path / "tape", MANIFEST.model_copy(deep=True), part_minutes=1 / 60) as writer:
        for n, raw in enumerate(GeneratedMarket(1, Venue.USDM).frames(60)):
            writer.write(EPOCH_MS * 1_000_000 + n * STEP_NS, raw)
    (tmp_path / "tape" / "part-0002.ts_jsonl.zst").unlink()
    assert find_damage(tmp_path / "tape") == ["part-0002.ts_jsonl.zst is missing."]


def test_a_tape_is_never_overwritten(tmp_path: Path) -> None:
    TapeWriter(tmp_path / "tape", MANIFEST.model_copy(deep=True)).write(None, b"{}")
    with pytest.raises(InputError, match="already holds a tape"):
        TapeWriter(tmp_path / "tape", MANIFEST.model_copy(deep=True))


@pytest.mark.parametrize("timed", [True, False])
def test_an_import_keeps_the_exact_bytes_of_one_symbol(workspace: Settings, tmp_path: Path, timed: bool) -> None:
    mine = list(GeneratedMarket(1, Venue.SPOT, "BTCUSDT").frames(40))
    both = [*GeneratedMarket(2, Venue.SPOT, "ETHUSDT").frames(2), *mine]
    path = write_tape(tmp_path / "both.gz", stamped(both) if timed else both)
    done = import_tape(path, "BTCUSDT", Venue.SPOT, workspace.tapes_dir)
    assert [raw for _, raw in lines(done.folder)] == mine
    assert (done.skipped, done.report.in_sync) == (4, True)
    assert (lines(done.folder)[0][0] is not None) is timed


def test_the_same_tape_is_not_imported_twice(twokey: Command, tmp_path: Path) -> None:
    path = generated_tape(tmp_path / "tape.gz")
    arguments = ("tape", "import", str(path), "--symbol", "btcusdt", "--venue", "usdm")
    done = twokey(*arguments, "--json")
    assert json.loads(done.out)["in_sync"]
    again = twokey(*arguments)
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "already exists" in again.err


def test_spot_taken_for_futures_is_refused_and_leaves_nothing(twokey: Command, tmp_path: Path) -> None:
    path = generated_tape(tmp_path / "tape.gz", Venue.SPOT)
    done = twokey("tape", "import", str(path), "--symbol", "BTCUSDT", "--venue", "usdm")
    assert done.code == 2
    assert "is a tape of spot, not of usdm" in done.err
    assert not (tmp_path / "data").exists()


def test_an_import_from_cryptofeed_takes_its_snapshots_from_their_own_file(shared_data: Path, twokey: Command) -> None:
    stem = str(shared_data / "l2" / "cryptofeed_binance_usdm_SUSHI_AKRO_KEEP_CTK_20210722")
    arguments = ("--symbol", "CTKUSDT", "--venue", "usdm", "--snapshots", f"{stem}.http.gz", "--json")
    found = json.loads(twokey("tape", "import", f"{stem}.ws.gz", *arguments).out)
    assert found["in_sync"]
    assert found["messages"]["snapshot"] == 1
    assert found["malformed"] == 0


def test_a_parquet_file_has_every_level(twokey: Command, tmp_path: Path) -> None:
    path, out = generated_tape(tmp_path / "tape.gz", count=20), tmp_path / "tape.parquet"
    message = json.loads(twokey("tape", "export", str(path), "--out", str(out), "--json").out)
    rows = duckdb.sql(f"SELECT * FROM '{out}'").fetchall()
    levels = sum(
        len(found["data"]["b"]) + len(found["data"]["a"])
        for found in map(json.loads, GeneratedMarket(5, Venue.USDM).frames(20))
        if found.get("data", {}).get("e") == "depthUpdate"
    )
    assert len(rows) == message["rows"]
    assert sum(row[2] == "depth" for row in rows) == levels
    assert sum(row[2] == "book_ticker" for row in rows) == 40


def test_hftbacktest_gets_events_in_an_order_right_for_exchange_and_receiver(twokey: Command, tmp_path: Path) -> None:
    path, out = generated_tape(tmp_path / "tape.gz", count=30), tmp_path / "tape.npz"
    lines_early = stamped(list(GeneratedMarket(5, Venue.USDM).frames(30)), (EPOCH_MS - 3_000) * 1_000_000)
    write_tape(path, lines_early)
    message = json.loads(twokey("tape", "export", str(path), "--out", str(out), "--json").out)
    events = np.load(out)["data"]
    assert message["shifted_ns"] > 3_000_000_000
    assert events.dtype == EVENT_DTYPE
    assert (events["local_ts"] >= events["exch_ts"]).all()
    assert (np.diff(events["local_ts"][(events["ev"] & LOCAL_EVENT) > 0]) >= 0).all()
    assert (np.diff(events["exch_ts"][(events["ev"] & EXCH_EVENT) > 0]) >= 0).all()
    assert ((events["ev"] & (BUY_EVENT | SELL_EVENT)) > 0).all()
    assert ((events["ev"] & 0xFF) == DEPTH_CLEAR_EVENT).sum() == 2


def test_an_event_out_of_exchange_order_is_split() -> None:
    events = np.zeros(3, EVENT_DTYPE)
    events["exch_ts"], events["local_ts"], events["px"] = [10, 5, 20], [11, 12, 21], [1, 2, 3]
    made = ordered(events)
    seen_by_exchange = made[(made["ev"] & EXCH_EVENT) > 0]["px"].tolist()
    seen_here = made[(made["ev"] & LOCAL_EVENT) > 0]["px"].tolist()
    assert (seen_by_exchange, seen_here) == ([2, 1, 3], [1, 2, 3])


def test_a_tape_without_times_is_no_tape_for_hftbacktest(twokey: Command, tmp_path: Path) -> None:
    path = write_tape(tmp_path / "bare.gz", list(GeneratedMarket(1, Venue.USDM).frames(5)))
    done = twokey("tape", "export", str(path), "--out", str(tmp_path / "x.npz"))
    assert (done.code, "no receive times" in done.err) == (2, True)


def test_an_export_needs_a_format(twokey: Command, tmp_path: Path) -> None:
    done = twokey("tape", "export", str(generated_tape(tmp_path / "t.gz", count=5)), "--out", str(tmp_path / "x.bin"))
    assert (done.code, "Name it .parquet or .npz" in done.err) == (2, True)


def test_every_form_of_file_holds_the_same_lines(tmp_path: Path) -> None:
    import zstandard

    text = b"\n".join(stamped(list(GeneratedMarket(1, Venue.USDM).frames(30)))) + b"\n"
    (tmp_path / "plain").write_bytes(text)
    half = len(text) // 2
    (tmp_path / "gz").write_bytes(gzip.compress(text[:half]) + gzip.compress(text[half:]))
    (tmp_path / "zst").write_bytes(zstandard.compress(text[:half]) + zstandard.compress(text[half:]))
    assert lines(tmp_path / "plain") == lines(tmp_path / "gz") == lines(tmp_path / "zst")
    assert len(lines(tmp_path / "plain")) == 61
