"""The engine's account at the exchange in process: actions go in as signed requests, what comes back as events."""

from collections.abc import Mapping

import msgspec

from live.binance.answers import broken, events_of
from live.binance.exchange_info import contract_of
from live.binance.requests import Asked, RequestWriter, Sendable
from live.binance.signing import Signer
from live.binance.user_stream import events_of as user_events_of
from live.engine.contract import Contract
from live.engine.events import Event
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.simulator.venue import LocalVenue
from live.simulator.wire import Frame, HttpRequest, HttpResponse, Opcode, Output, Response
from skills_lib.domain.errors import InputError

_STEP_NS = 10_000_000
_OPENING_NS = 5_000_000_000


class _ListenKey(msgspec.Struct, rename="camel"):
    listen_key: str


class VenueClient:
    """Opens the user stream and reads the contract when it is made; the tape plays meanwhile.

    Raises:
        InputError: the venue does not list the symbol.
    """

    def __init__(self, venue: LocalVenue, symbol: str) -> None:
        self.venue = venue
        self._signer = Signer(DEFAULT_KEY, DEFAULT_SECRET)
        self.contract = self._read_contract(symbol)
        self._writer = RequestWriter(self._signer, {symbol: self.contract})
        self._asked: dict[int, Asked] = {}
        key = msgspec.json.decode(self._answer("POST", "/fapi/v1/listenKey").body, type=_ListenKey).listen_key
        venue.connect(f"/private/ws/{key}")

    def send(self, action: Sendable) -> None:
        """Send what an action asks for; its answer comes with the outputs of the venue."""
        made = self._writer.write(action, self.venue.now_ns)
        number = self.venue.request(HttpRequest(made.method, made.target, made.headers, made.body))
        self._asked[number] = made.asked

    def events(self, output: Output) -> list[Event]:
        """What an output of the venue says; pings are answered."""
        if isinstance(output, Response):
            return self._of_answer(output)
        if isinstance(output, Frame) and output.opcode is Opcode.PING:
            self.venue.send(output.connection, output.data, Opcode.PONG)
        elif isinstance(output, Frame):
            return user_events_of(output.data, output.time_ns)
        return []

    def _of_answer(self, output: Response) -> list[Event]:
        asked = self._asked.pop(output.request, None)
        if asked is None:
            return []
        answer = output.response
        if answer is None:
            return broken(asked, output.time_ns)
        return events_of(asked, answer.status, answer.body, answer.headers, output.time_ns)

    def _read_contract(self, symbol: str) -> Contract:
        listing = self._answer("GET", "/fapi/v1/exchangeInfo").body
        rates, settings = (
            self._answer("GET", self._signed(path, {"symbol": symbol})).body
            for path in ("/fapi/v1/commissionRate", "/fapi/v1/symbolConfig")
        )
        return contract_of(symbol, listing, rates, settings)

    def _signed(self, path: str, parameters: Mapping[str, str]) -> str:
        return f"{path}?{self._signer.signed({**parameters, 'timestamp': str(self.venue.now_ms)})}"

    def _answer(self, method: str, target: str) -> HttpResponse:
        """The answer to a request, while the time of the venue goes on."""
        number = self.venue.request(HttpRequest(method, target, {"X-MBX-APIKEY": DEFAULT_KEY}))
        end_ns = self.venue.now_ns + _OPENING_NS
        while self.venue.now_ns < end_ns:
            for output in self.venue.advance(self.venue.now_ns + _STEP_NS):
                if isinstance(output, Response) and output.request == number and output.response is not None:
                    return output.response
        raise InputError("The exchange in process did not answer within 5 s. Give a lower --latency.")
