"""A daemon is asked over a socket for its owner only; whatever is sent, the daemon goes on."""

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from live.control import client
from live.control.client import ControlError, NotRunningError, ask
from live.control.folder import SessionFolder
from live.control.protocol import ControlCommand, ControlReply, ControlRequest, KillAnswer
from live.control.server import LARGEST_REQUEST, ControlServer


async def done(request: ControlRequest) -> ControlReply:
    """Answers a kill, refuses to resume, fails at everything else."""
    if request.command is ControlCommand.KILL:
        return ControlReply(kill=KillAnswer(True, 2, 3, 0.25, notes=(request.reason,)))
    if request.command is ControlCommand.RESUME:
        return ControlReply(error="Killed: reset it first.")
    raise RuntimeError("secret detail")


@asynccontextmanager
async def served(folder: SessionFolder) -> AsyncIterator[ControlServer]:
    server = ControlServer(folder.socket, done)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


def run(folder: SessionFolder, work: Callable[[], object]) -> object:
    """Do blocking work beside the server."""

    async def both() -> object:
        async with served(folder):
            return await asyncio.to_thread(work)

    return asyncio.run(both())


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    made = SessionFolder.of(tmp_path, "simulator")
    made.make()
    return made


def test_a_command_and_its_reason_reach_the_daemon_and_its_answer_comes_back(folder: SessionFolder) -> None:
    reply = run(folder, lambda: ask(folder, ControlCommand.KILL, "drawdown"))
    assert reply == ControlReply(kill=KillAnswer(True, 2, 3, 0.25, notes=("drawdown",)))


def test_a_refusal_is_an_error_with_its_text(folder: SessionFolder) -> None:
    with pytest.raises(ControlError, match="Killed: reset it first"):
        run(folder, lambda: ask(folder, ControlCommand.RESUME))


def test_a_handler_that_fails_is_said_without_its_details_and_the_daemon_goes_on(folder: SessionFolder) -> None:
    def twice() -> object:
        with pytest.raises(ControlError, match="RuntimeError") as failed:
            ask(folder, ControlCommand.STATUS)
        assert "secret" not in str(failed.value)
        return ask(folder, ControlCommand.KILL, "again")

    assert isinstance(run(folder, twice), ControlReply)


@pytest.mark.parametrize("sent", [b"\n", b"\xff\n", b"[]\n", b'{"command": "buy"}\n', b"x" * (LARGEST_REQUEST * 2)])
def test_what_is_no_request_is_answered_so(folder: SessionFolder, sent: bytes) -> None:
    async def send() -> bytes:
        async with served(folder):
            reader, writer = await asyncio.open_unix_connection(str(folder.socket))
            writer.write(sent)
            answer = await reader.read()
            writer.close()
            return answer

    assert b"no request of the control socket" in asyncio.run(send())


def test_without_a_daemon_the_next_step_is_said(folder: SessionFolder) -> None:
    with pytest.raises(NotRunningError, match="twokey live run"):
        ask(folder, ControlCommand.STATUS)


def test_a_socket_that_a_crash_left_behind_is_no_daemon_and_no_obstacle(folder: SessionFolder) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder.socket))
    with pytest.raises(NotRunningError):
        ask(folder, ControlCommand.STATUS)
    assert isinstance(run(folder, lambda: ask(folder, ControlCommand.KILL)), ControlReply)


def test_a_daemon_that_does_not_answer_is_said_to_be_so(folder: SessionFolder) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder.socket))
        silent.listen()
        with pytest.raises(ControlError, match="did not answer in time"):
            ask(folder, ControlCommand.STATUS, timeout_s=0.05)


def test_the_socket_is_for_its_owner_only(folder: SessionFolder) -> None:
    mode = run(folder, lambda: folder.socket.stat().st_mode)
    assert isinstance(mode, int)
    assert stat.S_IMODE(mode) & 0o077 == 0


def test_a_socket_of_another_user_is_not_asked(folder: SessionFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = folder.root.stat().st_uid
    monkeypatch.setattr(client.os, "getuid", lambda: owner + 1)
    with pytest.raises(ControlError, match=f"belongs to user {owner}"):
        run(folder, lambda: ask(folder, ControlCommand.STATUS))


def test_a_folder_too_deep_for_a_socket_gets_one_whose_name_fits(tmp_path: Path) -> None:
    folder = SessionFolder.of(tmp_path / ("d" * 120), "simulator")
    folder.make()
    assert len(str(folder.socket)) < 104
    assert folder.socket == SessionFolder(folder.root).socket
    assert isinstance(run(folder, lambda: ask(folder, ControlCommand.KILL)), ControlReply)
