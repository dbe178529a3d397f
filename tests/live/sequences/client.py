"""Two clients of an in-process venue: they sign and send the steps of a sequence, and keep what they receive."""

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from live.simulator.http.credentials import Credential
from live.simulator.latency import ASSUMED, NONE
from live.simulator.outputs import Closed, Frame, Output, Response
from live.simulator.settings import SimulatorSettings
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest, Opcode
from tests.live.sequences import replies
from tests.live.sequences.ledger import Ledger
from tests.live.sequences.steps import (
    Call,
    Fields,
    Intervene,
    Known,
    Later,
    Many,
    Near,
    Play,
    Raw,
    Rest,
    Step,
    Value,
    Wait,
)
from tests.live.sequences.tapes import Tape
from tests.live.signing import sign, signed_params

MS = 1_000_000
PING_MS, RENEWAL_MS = 170_000, 3_000_000
BALANCES = ("10000", "10000")
CREDENTIALS = tuple(Credential(f"account-{number}", f"key-{number}", f"secret-{number}") for number in (0, 1))
SETTINGS = SimulatorSettings(
    balance=BALANCES[0],
    credentials=CREDENTIALS,
    inbound=NONE,
    outbound=NONE,
    weight_limit=10**6,
    socket_life_s=10**8,
)
DELAYED = replace(SETTINGS, inbound=ASSUMED, outbound=ASSUMED)


class Clients:
    """Runs steps on a venue. `faults` are replies of a wrong form."""

    def __init__(self, tape: Tape, seed: int = 0, delayed: bool = False) -> None:
        self.tape, self.delayed = tape, delayed
        self.venue = LocalVenue(DELAYED if delayed else SETTINGS, iter(tape.lines))
        self.ledgers = [Ledger(Decimal(balance)) for balance in BALANCES]
        self.faults: list[str] = []
        self.start_ms = self._renewed_ms = self.venue.now_ns // MS
        self._sent: dict[int, tuple[int, str, str]] = {}
        self._replies: dict[int, Any] = {}
        self._calls, self._frames = 0, 0
        self._api = [self.venue.connect("/ws-fapi/v1") for _ in CREDENTIALS]
        self._streams = dict(self._open_streams())
        self._pass_time(self.venue.now_ns + (10_000 * MS if delayed else 0))
        self.settle()

    @property
    def now_ms(self) -> int:
        """Exchange time."""
        return self.venue.now_ns // MS

    def run(self, step: Step) -> None:
        """Carry out one step."""
        match step:
            case Play():
                self._play(step.lines)
            case Wait():
                self.wait(step.ms)
            case Rest():
                self._rest(step)
            case Call():
                self._call(step)
            case Raw():
                self._raw(step)
            case Intervene():
                self.venue.engine.carry_out(step.command)
        if not self.delayed:
            self.settle()

    def _play(self, lines: int) -> None:
        for _ in range(lines):
            self._pass_time((self.venue.next_line_ns or 0) - 1)
            self._take(self.venue.play_line())

    def settle(self) -> None:
        """Receive what is due now."""
        self._take(self.venue.advance(self.venue.now_ns))

    def run_out(self) -> None:
        """Play the rest of the tape, and what then is on its way."""
        last_ns = self.tape.lines[-1].time_ns
        self._pass_time(max(last_ns, self.venue.now_ns) + 10_000 * MS)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self._pass_time(self.venue.now_ns + ms * MS)

    def _pass_time(self, until_ns: int) -> None:
        """Advance in pieces short enough to answer pings and to keep the listen keys alive."""
        while self.venue.now_ns < until_ns:
            self._take(self.venue.advance(min(until_ns, self.venue.now_ns + PING_MS * MS)))
            if self.now_ms >= self._renewed_ms + RENEWAL_MS:
                self._renewed_ms = self.now_ms
                for account in (0, 1):
                    self._send(account, "PUT", "/fapi/v1/listenKey", (), form=False, signed=False)

    def query(self, account: int, path: str, **fields: str) -> Any:
        """The reply of a signed GET, at once where nothing is delayed."""
        number = self._send(account, "GET", path, tuple(fields.items()), form=False, signed=True)
        self.settle()
        while number in self._sent:
            self._pass_time(self.venue.now_ns + 1_000 * MS)
        return self._replies[number]

    def _open_streams(self) -> Iterable[tuple[int, int]]:
        for account, credential in enumerate(CREDENTIALS):
            header = {"X-MBX-APIKEY": credential.api_key}
            number = self.venue.request(HttpRequest("POST", "/fapi/v1/listenKey", header))
            outputs = self.venue.advance(self.venue.now_ns + (10_000 * MS if self.delayed else 0))
            reply = next(each for each in outputs if isinstance(each, Response) and each.request == number)
            assert reply.response is not None
            key = json.loads(reply.response.body)["listenKey"]
            yield self.venue.connect(f"/private/ws?listenKey={key}"), account

    def _rest(self, step: Rest) -> None:
        number = self._send(step.account, step.method, step.path, step.fields, step.form, step.signed)
        self._sent[number] = (step.account, step.method, step.path)

    def _send(self, account: int, method: str, path: str, fields: Fields, form: bool, signed: bool) -> int:
        text = self._query(account, fields)
        if signed:
            text += f"&signature={sign(text, CREDENTIALS[account].secret)}"
        headers = {"X-MBX-APIKEY": CREDENTIALS[account].api_key}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target, body = (path, text.encode()) if form else (f"{path}?{text}", b"")
        number = self.venue.request(HttpRequest(method, target, headers, body))
        self._sent[number] = (account, method, path)
        return number

    def _query(self, account: int, fields: Fields) -> str:
        resolved = [(name, self._resolved(account, value)) for name, value in fields]
        if not any(name == "timestamp" for name, _ in resolved):
            resolved.append(("timestamp", str(self.now_ms)))
        return urlencode(resolved)

    def _call(self, step: Call) -> None:
        params: dict[str, str] = {name: self._resolved(step.account, value) for name, value in step.fields}
        params = {"timestamp": str(self.now_ms)} | params | {"apiKey": CREDENTIALS[step.account].api_key}
        self._calls += 1
        signed = signed_params(params, CREDENTIALS[step.account].secret)
        request = {"id": self._calls, "method": step.method, "params": signed}
        self.venue.send(self._api[step.account], json.dumps(request).encode())

    def _raw(self, step: Raw) -> None:
        if step.socket:
            self.venue.send(self._api[0], step.data)
        else:
            header = {"X-MBX-APIKEY": CREDENTIALS[0].api_key}
            number = self.venue.request(HttpRequest("POST", "/fapi/v1/order?x=%ff&&=", header, step.data))
            self._sent[number] = (0, "POST", "/fapi/v1/order")

    def _resolved(self, account: int, value: Value) -> str:
        match value:
            case Near():
                return self._price(account, value)
            case Known():
                return self.ledgers[account].known(value.kind, value.back) or "1"
            case Later():
                return str(self.now_ms + value.ms)
            case Many():
                entries = [{name: self._resolved(account, one) for name, one in entry} for entry in value.entries]
                return json.dumps(entries)
        return value

    def _price(self, account: int, near: Near) -> str:
        market = self.venue.state.markets.get(self._resolved(account, near.symbol))
        if market is None:
            return "60000.0"
        tick = market.rules.tick
        units = (market.last_price or market.mark_price) // tick * tick + near.ticks * tick
        return market.rules.price_text(max(tick, units))

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Response):
                self._reply(output)
            elif isinstance(output, Frame) and output.opcode is Opcode.PING:
                self.venue.send(output.connection, output.data, Opcode.PONG)
            elif isinstance(output, Frame):
                self._frame(output)
            elif isinstance(output, Closed):
                self.faults.append(f"the exchange closed a socket: {output}")

    def _reply(self, output: Response) -> None:
        _, method, path = self._sent.pop(output.request)
        if output.response is None:
            self.faults.append(f"{method} {path}: the connection broke")
            return
        self.faults += replies.rest_faults(method, path, output.response.status, output.response.body)
        if output.response.status == 200:
            self._replies[output.request] = json.loads(output.response.body, parse_float=Decimal)

    def _frame(self, output: Frame) -> None:
        if output.connection in self._streams:
            self.ledgers[self._streams[output.connection]].receive(output.data)
        elif output.connection in self._api:
            self.faults += replies.call_faults(output.data)
