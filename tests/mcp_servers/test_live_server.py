"""The live server asks a daemon and stops it; it starts, resumes and arms nothing."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from live.control.folder import SessionFolder
from live.control.protocol import (
    ControlCommand,
    ControlReply,
    ControlRequest,
    Cover,
    DayStatus,
    DrillStatus,
    JournalStatus,
    KillAnswer,
    KilledStatus,
    LimitStatus,
    LiveStatus,
    MarketDataStatus,
    PositionStatus,
)
from live.control.server import ControlServer
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from mcp_servers.live.server import server
from skills_lib.settings import Settings
from tests.live.replay.planted_tape import planted_tape
from tests.live.replay.test_engine_replays import BASE, CONDITIONS
from tests.mcp_servers.mcp_client import answer, refusal

LONG = PositionStatus("BTCUSDT", "LONG", "0.1", "60000", "-1.5", Cover.COVERED)
STATUS = LiveStatus(
    session="simulator",
    running=True,
    venue="simulator",
    armed=False,
    paused=False,
    killed=KilledStatus(False),
    position=LONG,
    positions=(LONG, msgspec.structs.replace(LONG, symbol="ETHUSDT", cover=Cover.UNPROTECTED)),
    orders=(),
    stops=(),
    day=DayStatus("-1.5", 1),
    limits={"daily_loss": LimitStatus("500 USD", "1.5 USD")},
    journal=JournalStatus("r1.journal", "9" * 64, 17),
    market_data=MarketDataStatus(True, 80),
    drill=DrillStatus("never"),
)


class Daemon:
    """Answers as a daemon does, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ControlRequest] = []

    async def handle(self, request: ControlRequest) -> ControlReply:
        self.asked.append(request)
        if request.command is ControlCommand.STATUS:
            return ControlReply(status=STATUS)
        if request.command is ControlCommand.PAUSE:
            return ControlReply(done="paused")
        return ControlReply(kill=KillAnswer(True, 2, 3, 0.4, notes=("0.0004 BTC is dust",)))


@contextmanager
def running(folder: SessionFolder) -> Iterator[Daemon]:
    """A daemon's socket, in a thread of its own as in a process of its own."""
    daemon, loop = Daemon(), asyncio.new_event_loop()
    control = ControlServer(folder.socket, daemon.handle)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(control.start(), loop).result(30)
    try:
        yield daemon
    finally:
        asyncio.run_coroutine_threadsafe(control.close(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def folder(workspace: Settings) -> SessionFolder:
    made = SessionFolder.of(Path(workspace.home), "simulator")
    made.make()
    return made


def test_the_status_says_the_worst_cover_first(folder: SessionFolder) -> None:
    with running(folder):
        found = answer(server, "live_status")
    assert (found["running"], found["cover"]) == (True, "unprotected")
    assert found["status"]["killed"]["latched"] is False
    assert found["status"]["position"]["unrealised"] == "-1.5"
    assert found["status"]["limits"]["daily_loss"] == {"value": "500 USD", "used": "1.5 USD"}


def test_without_a_daemon_the_last_status_is_given_and_no_position_is_called_covered(folder: SessionFolder) -> None:
    folder.status.write_bytes(msgspec.json.encode(STATUS))
    found = answer(server, "live_status")
    assert (found["running"], found["cover"], found["status"]["running"]) == (False, "unknown", False)
    assert "twokey live run" in found["next_step"]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_a_status_that_cannot_be_read_is_no_flat_account(folder: SessionFolder, content: bytes | None) -> None:
    if content is not None:
        folder.status.write_bytes(content)
    assert "no status yet" in refusal(server, "live_status")


def test_pause_stop_and_kill_reach_the_daemon_with_their_reason(folder: SessionFolder) -> None:
    with running(folder) as daemon:
        assert answer(server, "live_pause", reason="news")["done"] == "paused"
        stopped = answer(server, "live_stop", reason="done")
        killed = answer(server, "live_kill", reason="no idea why it buys")
    assert [(str(one.command), one.reason) for one in daemon.asked] == [
        ("pause", "news"),
        ("stop", "done"),
        ("kill", "no idea why it buys"),
    ]
    assert (stopped["flat"], killed["flat"], killed["verified_reads"]) == (True, True, 2)
    assert killed["done"] == "kill. 0.0004 BTC is dust"


def test_nothing_is_done_where_no_daemon_runs(folder: SessionFolder) -> None:
    assert "twokey live run" in refusal(server, "live_kill", reason="now")


def test_with_several_sessions_one_has_to_be_named(folder: SessionFolder, workspace: Settings) -> None:
    SessionFolder.of(Path(workspace.home), "demo").make()
    assert "demo, simulator" in refusal(server, "live_status")
    with running(folder):
        assert answer(server, "live_status", session="simulator")["session"] == "simulator"


def test_a_session_is_a_name_and_never_a_path(folder: SessionFolder) -> None:
    assert "names no session" in refusal(server, "live_status", session="../simulator")


def test_a_session_is_explained_by_a_process_that_replays_its_books(folder: SessionFolder, tmp_path: Path) -> None:
    tape = planted_tape(tmp_path / "edge.ts_jsonl", reliability=0.9, episodes=3)
    EngineRun(ReplayTape(tape), CONDITIONS, BASE, folder.journals / "r1.journal").play()
    found = answer(server, "live_explain", tape=str(tape))
    assert found["difference_bps"] == "0"
    assert set(found["parts_bps"].values()) == {"0"}
    assert len(found["trades"]) >= 1
    assert Path(found["path"]).is_file()


def test_what_cannot_be_explained_is_said_in_the_words_of_the_command(folder: SessionFolder, tmp_path: Path) -> None:
    (folder.journals / "r1.journal").write_text("")
    assert "r1.journal is empty" in refusal(server, "live_explain", tape=str(tmp_path / "nothing.jsonl"))
