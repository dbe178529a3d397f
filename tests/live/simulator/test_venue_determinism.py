"""The same tape, seed and calls give the same bytes: twice, in two processes, and over sockets as in process."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
from yarl import URL

from live.simulator.tape_source import TapeSource
from live.simulator.venue import Venue
from live.simulator.wire import Frame, HttpRequest, Opcode, Response
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.conftest import KEY, Serve
from tests.live.simulator.http_requests import TIMEOUT_S
from tests.live.simulator.tapes import write_tape
from tests.live.simulator.venue_client import BY_HAND, VenueClient
from tests.live.simulator.venue_script import SCRIPT, STREAMS, outputs_digest
from tests.repository import ROOT


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
    client = VenueClient(Venue(BY_HAND, TapeSource().read(read_lines(tape))))
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
