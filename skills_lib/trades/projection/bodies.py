"""What a projection reads of a journal's records (`docs/journal.md`); fields that it does not need are left out.

Prices, quantities and money are integers of 1e-8.
"""

from decimal import Context, Decimal
from typing import Any, Final

import msgspec

from skills_lib.trades.journal.format import Record
from skills_lib.trades.journal.reading import JournalDamagedError

_EXACT: Final = Context(prec=60)
_MS: Final = 1_000_000
SCALE_DIGITS: Final = 8


def amount(units: int) -> Decimal:
    """Units of 1e-8 as a Decimal, exact."""
    return _EXACT.scaleb(Decimal(units), -SCALE_DIGITS)


def milliseconds(time_ns: int) -> int:
    """Nanoseconds as whole milliseconds, rounded down."""
    return time_ns // _MS


class ContractBody(msgspec.Struct):
    """A contract of a run. margin_asset: its quote asset."""

    symbol: str
    margin_asset: str


class BarStrategyBody(msgspec.Struct):
    """The settings of a strategy on bars, as far as its name."""

    strategy: str


class StartedBody(msgspec.Struct):
    """`started`: a run begins."""

    run: str
    contracts: list[ContractBody]
    bars: BarStrategyBody | None = None


class IntentBody(msgspec.Struct):
    """An order that the engine wants to send; 0: none."""

    client_id: str
    symbol: str
    side: str
    type: str
    quantity: int
    price: int = 0
    trigger_price: int = 0
    time_in_force: str | None = None
    reduce_only: bool = False


class _Approved(msgspec.Struct):
    intent: IntentBody


class OrderIntentBody(msgspec.Struct):
    """`order_intent`: an order that was sent."""

    approved: _Approved


class FillBody(msgspec.Struct):
    """One execution. fee_asset: empty where the venue did not say the fee."""

    trade_id: int
    price: int
    quantity: int
    fee: int
    fee_asset: str
    maker: bool
    realised: int


class OrderReportBody(msgspec.Struct):
    """`order_report`: an order as the venue has it."""

    symbol: str
    client_id: str
    order_id: int
    side: str
    status: str
    quantity: int
    filled: int
    reduce_only: bool
    event_ns: int
    fill: FillBody | None = None


class StopReportBody(msgspec.Struct):
    """`stop_report`: a conditional order as the venue has it; order_id: of the order that it became."""

    symbol: str
    client_id: str
    algo_id: int
    status: str
    event_ns: int
    order_id: int = 0


class AccountTradeBody(msgspec.Struct):
    """A row of the account's list of trades."""

    order_id: int
    side: str
    fill: FillBody
    event_ns: int


class TradesReportBody(msgspec.Struct):
    """`trades_report`: the account's trades of a symbol, its own and others'."""

    symbol: str
    trades: list[AccountTradeBody]


class FundingPaidBody(msgspec.Struct):
    """`funding`: negative if paid. symbol: empty in cross margin."""

    symbol: str
    amount: int
    event_ns: int


class PriceReportBody(msgspec.Struct):
    """`price`: of another asset in the margin asset."""

    pair: str
    price: int
    event_ns: int


Body = (
    StartedBody
    | OrderIntentBody
    | OrderReportBody
    | StopReportBody
    | TradesReportBody
    | FundingPaidBody
    | PriceReportBody
)
_KINDS: Final[dict[str, type]] = {
    "started": StartedBody,
    "order_intent": OrderIntentBody,
    "order_report": OrderReportBody,
    "stop_report": StopReportBody,
    "trades_report": TradesReportBody,
    "funding": FundingPaidBody,
    "price": PriceReportBody,
}
_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(body) for kind, body in _KINDS.items()
}


def body_of(record: Record, name: str) -> Body | None:
    """The body of a record that rows come from; None of every other one.

    Raises:
        JournalDamagedError: it is not as this version of Twokey writes it.
    """
    decoder = _DECODERS.get(record.kind)
    if decoder is None:
        return None
    try:
        found: Body = decoder.decode(record.body_json)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        where = f"{name}: line {record.sequence + 1}"
        raise JournalDamagedError(f"{where} is no `{record.kind}` as this version of Twokey writes it.") from None
    return found
