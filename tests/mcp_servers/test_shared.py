"""Errors, bounds, progress and cancellation, on a server with a test tool."""

import threading
from typing import Annotated, Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client
from mcp.server.mcpserver import Context
from pydantic import BaseModel, Field

from mcp_servers.bounded_server import MAX_CHARACTERS, BoundedServer
from mcp_servers.library_calls import run_library
from mcp_servers.paging import make_cursor, read_cursor
from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.progress import Progress
from tests.mcp_servers.mcp_client import ERAS, Report, answer, call, refusal


class Echo(BaseModel):
    text: str


def make_server(work: Any) -> BoundedServer:
    server = BoundedServer("probe")

    @server.tool()
    async def probe_work(ctx: Context[Any, Any], size: Annotated[int, Field(ge=1, le=10**6)] = 1) -> Echo:
        return await run_library(ctx, lambda progress: Echo(text=work(progress, size)))

    return server


def fail_with(error: Exception) -> BoundedServer:
    def work(_progress: Progress, _size: int) -> str:
        raise error

    return make_server(work)


repeat = make_server(lambda _progress, size: "x" * size)


@pytest.mark.parametrize("mode", ERAS)
def test_what_the_library_refuses_arrives_as_its_own_line(mode: str) -> None:
    server = fail_with(SourceUnavailableError("binance did not answer. Use source=cache."))
    assert refusal(server, "probe_work", mode) == "binance did not answer. Use source=cache."


def test_a_full_disk_is_reported_with_a_remedy() -> None:
    line = refusal(fail_with(OSError(28, "No space left on device")), "probe_work")
    assert "No space left on device" in line
    assert "Free space" in line


def test_a_server_bug_is_reported_without_internals() -> None:
    line = refusal(fail_with(ZeroDivisionError("secret internals")), "probe_work")
    assert "bug in the server" in line
    assert "secret" not in line


@pytest.mark.parametrize("mode", ERAS)
def test_an_unknown_argument_is_refused_with_the_nearest_known_one(mode: str) -> None:
    assert refusal(repeat, "probe_work", mode, sise=3) == (
        "probe_work has no argument 'sise'. Did you mean 'size'? Allowed: size."
    )


def test_an_unknown_tool_is_refused_with_the_nearest_known_one() -> None:
    assert "Did you mean 'probe_work'?" in refusal(repeat, "probe_werk")


def test_a_value_outside_its_range_is_named_with_the_range() -> None:
    line = refusal(repeat, "probe_work", size=0)
    assert line == "size: found 0. Give at least 1. Correct it and call probe_work again."


def test_an_answer_over_the_limit_is_cut_and_says_so() -> None:
    cut = answer(repeat, "probe_work", size=MAX_CHARACTERS + 1)
    assert 0 < len(cut["text"]) < MAX_CHARACTERS
    assert cut["truncated"] is True
    assert cut["next_step"].startswith("This answer was cut to fit")


def test_an_answer_just_short_enough_is_given() -> None:
    assert len(answer(repeat, "probe_work", size=MAX_CHARACTERS - 100)["text"]) == MAX_CHARACTERS - 100


@pytest.mark.parametrize("mode", ERAS)
def test_progress_arrives_once_a_percent(mode: str) -> None:
    def work(progress: Progress, _size: int) -> str:
        for done in range(1001):
            progress(done, 1000, "loading")
        return "done"

    reports: list[Report] = []
    call(make_server(work), "probe_work", {}, mode, reports)
    assert reports == [(float(percent), None, "loading") for percent in range(101)]


def test_progress_only_grows_although_each_phase_counts_from_nothing() -> None:
    def work(progress: Progress, _size: int) -> str:
        for phase in ("candles", "run"):
            for done in range(4):
                progress(done, 3, phase)
        progress(7, 0, "of unknown length")
        return "done"

    reports: list[Report] = []
    call(make_server(work), "probe_work", {}, reports=reports)
    steps = [step for step, _, _ in reports]
    assert steps == sorted(set(steps))
    assert [message for *_, message in reports] == ["candles"] * 4 + ["run"] * 4 + ["of unknown length"]


@pytest.mark.parametrize("mode", ERAS)
def test_a_cancelled_request_stops_the_work_and_the_server_continues(mode: str) -> None:
    stopped = threading.Event()

    def work(progress: Progress, size: int) -> str:
        try:
            step = 0
            while size > 1:
                step += 1
                progress(step, 0, "forever")
        except BaseException:
            stopped.set()
            raise
        return "free"

    async def talk() -> str:
        async with Client(make_server(work), mode=mode) as client:
            with anyio.CancelScope() as scope:

                async def leave(*_report: object) -> None:
                    scope.cancel()

                await client.call_tool("probe_work", {"size": 2}, progress_callback=leave)
            assert await anyio.to_thread.run_sync(stopped.wait, 30)
            return (await client.call_tool("probe_work", {"size": 1})).structured_content["text"]

    assert anyio.run(talk) == "free"


@given(st.integers(0, 2**62), st.lists(st.text(max_size=20), max_size=4))
def test_a_cursor_returns_its_position_to_the_same_request(position: int, request: list[str]) -> None:
    assert read_cursor(make_cursor(position, *request), *request) == position


@given(st.text(max_size=60))
def test_a_made_up_cursor_is_refused_and_never_breaks(cursor: str) -> None:
    with pytest.raises(InputError, match="Cursor"):
        read_cursor(cursor, "run", "trades")


def test_a_cursor_of_another_request_is_rejected() -> None:
    with pytest.raises(InputError, match="another request"):
        read_cursor(make_cursor(50, "run", "trades"), "run", "equity")
