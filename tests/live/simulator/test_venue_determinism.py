"""The same tape, seed and calls give the same bytes: twice, in two processes, and over sockets as in process."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
from yarl import URL

from live.simulator.outputs import Frame, Response
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, Opcode
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.conftest import KEY, Serve
from tests.live.simulator.http_requests import TIMEOUT_S
from tests.live.simulator.tapes import write_tape
from tests.live.simulator.venue_client import BY_HAND, ORDER, VenueClient
from tests.live.simulator.venue_script import SCRIPT, STREAMS, outputs_digest
from tests.repository import ROOT

LISTEN_KEY = HttpRequest("POST", "/fapi/v1/listenKey", {"X-MBX-APIKEY": KEY})


def test_a_process_with_another_hash_seed_gives_the_same_bytes(generated_tape: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.live.simulator.venue_script import outputs_digest; "
        "print(outputs_digest(Path(sys.argv[1]), 3))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "4242", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program, str(generated_tape)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == outputs_digest(generated_tape, 3)
    assert done.stdout.strip() != outputs_digest(generated_tape, 4)


def requests(client: VenueClient) -> list[HttpRequest]:
    """The script as signed requests, in the time of the tape."""
    return [client.make(method, path, **fields) for method, path, fields in SCRIPT]


def test_sockets_return_the_bytes_of_the_venue_in_process(serve: Serve, tmp_path: Path) -> None:
    tape = write_tape(tmp_path / "same.ts_jsonl", updates=200)
    client = VenueClient(LocalVenue(BY_HAND, TapeSource().read(read_lines(tape))))
    asked = [HttpRequest("GET", "/fapi/v1/time"), *requests(client)]
    here, here_frames = in_process(client, asked)

    async def run() -> tuple[list[tuple[int, bytes]], list[bytes]]:
        async with serve(tape=tape) as running, aiohttp.ClientSession() as session:
            socket = await session.ws_connect(f"ws://{running.host}{STREAMS}")
            found = []
            for request in asked:
                url = URL(f"http://{running.host}{request.target}", encoded=True)
                async with session.request(request.method, url, headers={"X-MBX-APIKEY": KEY}) as response:
                    found.append((response.status, await response.read()))
            running.play(100)
            frames = [(await socket.receive()).data.encode() for _ in here_frames]
            return found, frames

    there, there_frames = asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))
    assert there == here
    assert there_frames == here_frames
    assert {status for status, _ in here} == {200, 400, 404}
    assert len(here_frames) > 50


def in_process(client: VenueClient, asked: list[HttpRequest]) -> tuple[list[tuple[int, bytes]], list[bytes]]:
    """Responses to requests, and the frames of a hundred tape lines."""
    connection, found = client.venue.connect(STREAMS), []
    client.run(0)
    for request in asked:
        client.venue.request(request)
        for output in client.run(0):
            assert isinstance(output, Response)
            assert output.response is not None
            found.append((output.response.status, output.response.body))
    for _ in range(100):
        client.outputs += client.venue.play_line()
    texts = [output for output in client.outputs if isinstance(output, Frame) and output.opcode is Opcode.TEXT]
    return found, [output.data for output in texts if output.connection == connection]


def user_and_api_frames(client: VenueClient, sent: list[bytes]) -> tuple[str, list[list[bytes]]]:
    """The listen key, and the frames of its user stream and of the WebSocket API, at one moment of the tape."""
    client.venue.request(LISTEN_KEY)
    [response] = client.run(0)
    assert isinstance(response, Response)
    assert response.response
    key = json.loads(response.response.body)["listenKey"]
    user, api = client.venue.connect(f"/private/ws/{key}"), client.venue.connect("/ws-fapi/v1")
    for frame in sent:
        client.run(0)
        client.venue.send(api, frame)
    client.run(0)
    return key, [client.frames(user), client.frames(api)]


def test_sockets_carry_the_frames_of_the_websocket_api_and_user_stream(serve: Serve, tmp_path: Path) -> None:
    tape = write_tape(tmp_path / "same.ts_jsonl", updates=50)
    client = VenueClient(LocalVenue(BY_HAND, TapeSource().read(read_lines(tape))))
    sent = [client.make_frame("order.place", **ORDER | {"price": price}) for price in ("59990.0", "60100.0", "bad")]
    key, here = user_and_api_frames(client, sent)

    async def run() -> list[list[bytes]]:
        async with serve(tape=tape) as running, aiohttp.ClientSession() as session:
            await session.get(f"http://{running.host}/fapi/v1/time")
            await session.post(f"http://{running.host}{LISTEN_KEY.target}", headers=dict(LISTEN_KEY.headers))
            user, api = [
                await session.ws_connect(f"ws://{running.host}{path}") for path in (f"/private/ws/{key}", "/ws-fapi/v1")
            ]
            found: list[list[bytes]] = [[], []]
            for frame in sent:
                await api.send_str(frame.decode())
                found[1].append((await api.receive()).data.encode())
            found[0] = [(await user.receive()).data.encode() for _ in here[0]]
            return found

    there = asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))
    weightless = [[_without_counts(frame) for frame in frames] for frames in (here[1], there[1])]
    assert there[0] == here[0]
    assert weightless[0] == weightless[1]
    assert len(here[0]) > 2
    assert len(here[1]) == 3


def _without_counts(frame: bytes) -> dict[str, object]:
    """A response of the WebSocket API without the weight used, which depends on the minute of the clock."""
    return {name: value for name, value in json.loads(frame).items() if name != "rateLimits"}
