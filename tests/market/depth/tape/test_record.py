"""`twokey record` against a local venue: exact bytes, a kill, a full disk, and one-line errors."""

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.check import check_tape
from skills_lib.market.depth.tape.lines import TapeLine, read_lines
from skills_lib.market.depth.tape.store import read_manifest
from tests.market.depth.frame_server import FrameServer, eventually
from tests.market.depth.generated_stream import GeneratedMarket
from tests.repository import ROOT

for extra in ("picows", "zstandard"):
    pytest.importorskip(extra, reason="the extra `live` is not installed")

Play = Callable[[FrameServer, asyncio.subprocess.Process], Awaitable[None]]
COMMAND = (sys.executable, "-c", "from scripts.cli import main; main()", "record")
SMALL_DISK = 12_000


def record(home: Path, play: Play, *arguments: str, disk_bytes: int | None = None) -> tuple[int, str, str]:
    """Run the command against a server of generated frames; returns its exit code and output."""

    def limit() -> None:
        if disk_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (disk_bytes, disk_bytes))

    async def both() -> tuple[int, str, str]:
        async with FrameServer("BTCUSDT", Venue.USDM, list(GeneratedMarket(3, Venue.USDM).frames(3_000))) as server:
            process = await asyncio.create_subprocess_exec(
                *COMMAND,
                *("--host", server.host, "--channels", "depth@100ms,bookTicker"),
                *(arguments or ("BTCUSDT", "--minutes", "5", "--json")),
                cwd=ROOT,
                env={**os.environ, "TWOKEY_HOME": str(home), "PYTHONPATH": str(ROOT)},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                preexec_fn=limit,
            )
            await play(server, process)
            out, err = await asyncio.wait_for(process.communicate(), 30)
            return process.returncode or 0, out.decode(), err.decode()

    return asyncio.run(both())


def tape_of(home: Path) -> Path:
    """The folder of the only tape."""
    (folder,) = (home / "data" / "tapes" / "usdm" / "BTCUSDT").iterdir()
    return folder


def stored(home: Path) -> list[bytes]:
    """Exact messages on the tape."""
    return [line.raw for line in read_lines(tape_of(home)) if isinstance(line, TapeLine)]


async def play_until(server: FrameServer, condition: Callable[[], object]) -> None:
    """Send frames until a condition holds."""

    async def playing() -> None:
        while not condition():
            await server.play(10)
            await asyncio.sleep(0.02)

    await asyncio.wait_for(playing(), 30)


def test_a_recording_stopped_by_a_signal_is_complete_and_replays_to_the_venues_book(tmp_path: Path) -> None:
    tops = []

    async def play(server: FrameServer, process: asyncio.subprocess.Process) -> None:
        await eventually(lambda: server.sockets)
        await play_until(server, lambda: any("limit=1000" in path for path in server.requested))
        await server.play(100)
        sent = [raw for raw in server.frames[: server.position] if b"lastUpdateId" not in raw]
        await eventually(lambda: len(list(tmp_path.glob("**/*.zst"))) == 1 and sent[-1] in stored(tmp_path))
        tops.append(server.book.book.top_text(5))
        process.send_signal(signal.SIGTERM)

    code, out, err = record(tmp_path, play)
    assert code == 0, err
    (message,) = json.loads(out)["tapes"]
    report = check_tape(tape_of(tmp_path))
    assert message["lines"] == report.lines
    assert (report.in_sync, report.chain_breaks, report.problems) == (True, 0, [])
    assert report.top5 is not None
    assert (report.top5.bids, report.top5.asks) == (tops[0].bids, tops[0].asks)
    manifest = read_manifest(tape_of(tmp_path))
    assert manifest is not None
    assert manifest.parts[-1].sha256 is not None


def test_a_kill_leaves_a_tape_that_reads(tmp_path: Path) -> None:
    sent: list[bytes] = []

    async def play(server: FrameServer, process: asyncio.subprocess.Process) -> None:
        await eventually(lambda: server.sockets)
        await server.play(200)
        sent.extend(raw for raw in server.frames[8 : server.position])
        await eventually(lambda: len(list(tmp_path.glob("**/*.zst"))) == 1 and sent[-1] in stored(tmp_path))
        process.kill()

    code, _, _ = record(tmp_path, play)
    assert code == -signal.SIGKILL
    found = [raw for raw in stored(tmp_path) if b"lastUpdateId" not in raw]
    assert found == sent[-len(found) :]
    assert len(found) == 200
    assert any("never finished" in problem for problem in check_tape(tape_of(tmp_path)).problems)


def test_a_full_disk_ends_a_recording_in_one_line_and_keeps_what_was_written(tmp_path: Path) -> None:
    async def play(server: FrameServer, process: asyncio.subprocess.Process) -> None:
        await eventually(lambda: server.sockets)
        await play_until(server, lambda: process.returncode is not None)

    code, _, err = record(tmp_path, play, disk_bytes=SMALL_DISK)
    assert code == 1
    assert "System error" in err
    assert err.count("\n") == 1
    report = check_tape(tape_of(tmp_path))
    assert report.lines > 10
    assert report.malformed == 0
    assert not any("hash" in problem or "truncated" in problem for problem in report.problems)


def test_a_symbol_that_the_venue_does_not_list_is_refused(tmp_path: Path) -> None:
    async def play(server: FrameServer, process: asyncio.subprocess.Process) -> None:
        return None

    code, _, err = record(tmp_path, play, "BTCUSDX", "--minutes", "1")
    assert (code, err.count("\n")) == (2, 1)
    assert "usdm does not list BTCUSDX" in err
    assert not (tmp_path / "data").exists()


def test_an_unreachable_venue_is_a_one_line_error(tmp_path: Path) -> None:
    async def play(server: FrameServer, process: asyncio.subprocess.Process) -> None:
        return None

    code, _, err = record(tmp_path, play, "BTCUSDT", "--host", "127.0.0.1:1", "--minutes", "1")
    assert code == 1
    assert "did not answer" in err
    assert err.count("\n") == 1
