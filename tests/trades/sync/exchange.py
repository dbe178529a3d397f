"""The local exchange in process behind HTTP, an account that trades there, and stores for it."""

from dataclasses import replace
from pathlib import Path

import httpx

from live.binance.signing import Signer
from live.simulator.outputs import Response
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.market.retries import Retries
from skills_lib.trades.sync.conversion import VenueAccount
from skills_lib.trades.sync.reading import AccountReader
from tests.live.conftest import KEY, SECRET
from tests.live.simulator.requests.byte_client import ByteClient
from tests.live.simulator.venue_client import BY_HAND, MS

ACCOUNT = VenueAccount("binance-simulator", "paper", "paper")


class VenueTransport(httpx.BaseTransport):
    """Carries requests to an exchange in process: its own bytes, no sockets. asked: paths with their queries."""

    def __init__(self, client: ByteClient) -> None:
        self._client = client
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and move the exchange's time until it answers."""
        target, body = request.url.raw_path.decode(), request.read()
        self.asked.append(target)
        headers = {"X-MBX-APIKEY": request.headers.get("X-MBX-APIKEY", "")}
        number = self._client.venue.request(HttpRequest(request.method, target, headers, body))
        while True:
            for output in self._client.run(MS):
                if isinstance(output, Response) and output.request == number:
                    assert output.response is not None
                    return httpx.Response(
                        output.response.status, headers=dict(output.response.headers), content=output.response.body
                    )


def open_exchange(tape: Path, **changes: object) -> ByteClient:
    """An exchange without latency, whose weight limit no test reaches."""
    settings = replace(BY_HAND, **{"weight_limit": 10**9, **changes})  # type: ignore[arg-type]
    return ByteClient(LocalVenue(settings, TapeSource().read(read_lines(tape))))


def reader_of(client: ByteClient) -> tuple[AccountReader, VenueTransport]:
    """A reader of the account's lists."""
    transport = VenueTransport(client)
    reader = AccountReader("http://127.0.0.1:1", Signer(KEY, SECRET), Retries(1, 0), transport=transport, ceiling=10**9)
    return reader, transport
