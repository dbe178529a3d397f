"""What a client asks the exchange before an engine can start: the contracts it may trade."""

from collections.abc import Sequence

from live.binance.exchange_info import contract_of
from live.binance.requests import RECV_WINDOW_MS
from live.binance.signing import Signer
from live.engine.contract import Contract
from live.session.wire import Wire
from live.simulator.schedule import MS
from live.simulator.wire import HttpRequest, HttpResponse
from skills_lib.domain.errors import TwokeyError

_STEP_NS = 1 * MS


def contracts(wire: Wire, signer: Signer, symbols: Sequence[str]) -> tuple[Contract, ...]:
    """The contracts of some symbols as the exchange describes them; the time moves while it answers.

    Raises:
        InputError: the exchange does not list a symbol.
        TwokeyError: it does not answer, or cannot be understood.
    """
    bodies: dict[tuple[str, str], bytes] = {}
    _ask(wire, bodies, ("listing", ""), HttpRequest("GET", "/fapi/v1/exchangeInfo"))
    _ask(wire, bodies, ("settings", ""), _signed(wire, signer, "/fapi/v1/symbolConfig", {}))
    for symbol in symbols:
        _ask(wire, bodies, ("rates", symbol), _signed(wire, signer, "/fapi/v1/commissionRate", {"symbol": symbol}))
    while wire.waiting:
        _advance(wire)
    listing, settings = bodies[("listing", "")], bodies[("settings", "")]
    return tuple(contract_of(symbol, listing, bodies[("rates", symbol)], settings) for symbol in symbols)


def _signed(wire: Wire, signer: Signer, path: str, parameters: dict[str, str]) -> HttpRequest:
    timed = {**parameters, "recvWindow": str(RECV_WINDOW_MS), "timestamp": str(wire.now_ns // MS)}
    return HttpRequest("GET", f"{path}?{signer.signed(timed)}", {"X-MBX-APIKEY": signer.api_key})


def _ask(wire: Wire, bodies: dict[tuple[str, str], bytes], name: tuple[str, str], request: HttpRequest) -> None:
    def take(answer: HttpResponse | None) -> None:
        if answer is None or answer.status != 200:
            said = "nothing" if answer is None else f"status {answer.status}"
            raise TwokeyError(f"The exchange answered {said} to {request.target.partition('?')[0]}. Start again.")
        bodies[name] = answer.body

    wire.request(request, take)


def _advance(wire: Wire) -> None:
    for output in wire.venue.advance(wire.now_ns + _STEP_NS):
        wire.take(output)
    while wire.schedule.due_ns <= wire.now_ns:
        wire.schedule.run_next()
