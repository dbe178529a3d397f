"""What is asked of the exchange before a run: its time, its contracts, an account that is ready, and the day so far."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from live.account.ledger import DayLedger, day_ledger
from live.account.preflight.checks import LARGEST_LEVERAGE, Rules
from live.account.preflight.facts import AccountFacts
from live.account.preflight.preflight import check_account
from live.account.reads import HeldPosition
from live.binance.calls import Call
from live.client.conversations import Conversation, ask, body_of
from live.client.opening import contracts_of
from live.client.wire import MS
from live.daemon.settings import DaemonSettings
from live.engine.contract import Contract
from live.money import parse
from live.sockets.endpoints import TradingVenue
from live.start.capital import require_capital, require_one_margin
from skills_lib.domain.errors import TwokeyError

READINGS: Final = 5
"""Of the exchange's clock before a run: the quickest counts."""


class Skew(NamedTuple):
    """The exchange's time less ours; it may be off by `error_ns`, half of the way there and back."""

    ahead_ns: int
    error_ns: int


class _Mark(msgspec.Struct, rename="camel"):
    """The answer of `GET /premiumIndex`."""

    mark_price: str


class _Time(msgspec.Struct, rename="camel"):
    """The answer of `GET /time`, in milliseconds."""

    server_time: int


def read_skew(now: Callable[[], int]) -> Conversation[Skew | None]:
    """One reading of the exchange's clock; None if it does not tell. now: our time in nanoseconds."""
    sent_ns = now()
    answer = yield from ask(Call("GET", "/fapi/v1/time", signed=False))
    received_ns = now()
    if answer is None or answer.status != 200:
        return None
    try:
        theirs_ns = msgspec.json.decode(answer.body, type=_Time).server_time * MS
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return Skew(theirs_ns + MS // 2 - (sent_ns + received_ns) // 2, (received_ns - sent_ns) // 2 + MS // 2)


def read_clock(now: Callable[[], int]) -> Conversation[Skew]:
    """Several readings; the most exact one.

    Raises:
        TwokeyError: the exchange tells no time.
    """
    found: list[Skew] = []
    for _ in range(READINGS):
        skew = yield from read_skew(now)
        if skew is None:
            break
        found.append(skew)
    if not found:
        raise TwokeyError("The exchange does not answer. See that it runs and is reached at this address, then start.")
    return min(found, key=lambda skew: skew.error_ns)


class Ready(NamedTuple):
    """What a new run starts from. facts: of the account, to compare with later. ledger: the UTC day so far."""

    contracts: tuple[Contract, ...]
    facts: AccountFacts
    ledger: DayLedger


def prepare_paper(symbols: Sequence[str]) -> Conversation[None]:
    """Give a paper account the margin and leverage that a start needs; nobody else would. It may have them already."""
    for symbol in symbols:
        yield from ask(Call("POST", "/fapi/v1/marginType", {"symbol": symbol, "marginType": "ISOLATED"}))
        leverage = str(LARGEST_LEVERAGE)
        yield from ask(Call("POST", "/fapi/v1/leverage", {"symbol": symbol, "leverage": leverage}))


def check_start(
    settings: DaemonSettings, run: str, now: Callable[[], int], adopted: HeldPosition | None = None
) -> Conversation[Ready]:
    """All that has to hold before a new run: the account, its emptiness, the capital.

    adopted: a position that a person has decided to adopt, and which is not foreign therefore.

    Raises:
        InputError: the exchange does not list a symbol, the capital is too small for it, or the symbols are margined in
            different assets.
        TwokeyError: the account is not ready, in one line with a remedy for each check that failed.
    """
    paper = settings.venue is TradingVenue.SIMULATOR
    if paper:
        yield from prepare_paper(settings.symbols)
    contracts = yield from contracts_of(settings.symbols)
    require_one_margin(contracts)
    has_rights = settings.venue is TradingVenue.MAINNET
    found = yield from check_account(Rules(contracts, address_list=has_rights, adopted=adopted), now, run, has_rights)
    if found.failures:
        raise TwokeyError(f"The account is not ready. {' '.join(map(str, found.failures))}")
    for contract in contracts:
        price = yield from _mark(contract.symbol)
        require_capital(contract, price, settings.capital, settings.limits, settings.strategy)
    return Ready(contracts, found.facts, (yield from day_ledger(now(), contracts[0].margin_asset)))


def _mark(symbol: str) -> Conversation[int]:
    call = Call("GET", "/fapi/v1/premiumIndex", {"symbol": symbol}, signed=False)
    answer = yield from ask(call)
    try:
        return parse(msgspec.json.decode(body_of(call, answer), type=_Mark).mark_price)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        raise TwokeyError(f"The mark price of {symbol} cannot be read. Start again.") from None
