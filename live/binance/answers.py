"""Answers to requests as the engine's events. Any bytes give events and no exception: what cannot be read proves
nothing, and the answer's outcome is UNKNOWN.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from live.binance.outcomes import code_of, outcome_of, retry_after_ns
from live.binance.requests import TRADES_PAGE, TRADES_WINDOW_NS, Asked
from live.binance.rows import AlgoRow, BalanceRow, IncomeRow, OrderRow, PositionRow, PriceRow, TradeRow
from live.engine.events import (
    AccountChanged,
    Answered,
    Event,
    FundingReport,
    OpenOrdersReport,
    OpenStopsReport,
    PositionReport,
    Request,
    RequestOutcome,
    TradesReport,
    Witness,
)
from live.enums import PositionSide
from live.money import parse


class _Cancelled(msgspec.Struct, rename="camel", gc=False):
    """The answer to the cancellation of a conditional order."""

    client_algo_id: str
    code: str


_ORDER, _ORDERS = msgspec.json.Decoder(OrderRow), msgspec.json.Decoder(list[OrderRow])
_ALGO, _ALGOS = msgspec.json.Decoder(AlgoRow), msgspec.json.Decoder(list[AlgoRow])
_CANCELLED: Final = msgspec.json.Decoder(_Cancelled)
_PRICE: Final = msgspec.json.Decoder(PriceRow)
_INCOME: Final = msgspec.json.Decoder(list[IncomeRow])
_TRADES: Final = msgspec.json.Decoder(list[TradeRow])
_POSITIONS: Final = msgspec.json.Decoder(list[PositionRow])
_BALANCES: Final = msgspec.json.Decoder(list[BalanceRow])


def events_of(asked: Asked, status: int, body: bytes, headers: Mapping[str, str], time_ns: int) -> list[Event]:
    """What an answer says. status: of HTTP; time_ns: when it came.

    An order that was placed or cancelled is `Answered`, followed by its report; a query that was carried out gives its
    report alone, a query that failed an `Answered`.
    """
    if status != _OK:
        code = code_of(body)
        return [_answered(asked, time_ns, outcome_of(status, code), code, retry_after_ns(headers))]
    try:
        return _READERS[asked.request](asked, body, time_ns)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return [_answered(asked, time_ns, RequestOutcome.UNKNOWN)]


def broken(asked: Asked, time_ns: int) -> list[Event]:
    """The connection broke, or nothing came in time: the request may have been carried out."""
    return [_answered(asked, time_ns, RequestOutcome.UNKNOWN)]


def _answered(asked: Asked, time_ns: int, outcome: RequestOutcome, code: int = 0, wait_ns: int = 0) -> Answered:
    return Answered(time_ns, asked.request, asked.symbol, asked.client_id, outcome, code, wait_ns)


def _changed_order(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    report = _order_of(asked, body).report(time_ns, Witness.ANSWER)
    return [_answered(asked, time_ns, RequestOutcome.ACCEPTED), report]


def _order(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    return [_order_of(asked, body).report(time_ns, Witness.QUERY)]


def _order_of(asked: Asked, body: bytes) -> OrderRow:
    row = _ORDER.decode(body)
    _require(row.symbol == asked.symbol and row.client_order_id == asked.client_id)
    return row


def _placed_stop(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    report = _stop_of(asked, body).report(time_ns, Witness.ANSWER)
    return [_answered(asked, time_ns, RequestOutcome.ACCEPTED), report]


def _stop(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    return [_stop_of(asked, body).report(time_ns, Witness.QUERY)]


def _stop_of(asked: Asked, body: bytes) -> AlgoRow:
    row = _ALGO.decode(body)
    _require(row.symbol == asked.symbol and row.client_algo_id == asked.client_id)
    return row


def _cancelled_stop(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    answer = _CANCELLED.decode(body)
    _require(answer.client_algo_id == asked.client_id and answer.code == str(_OK))
    return [_answered(asked, time_ns, RequestOutcome.ACCEPTED)]


def _positions(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    """One event of the symbol; the venue lists no position that is flat and has no orders."""
    rows = [row for row in _POSITIONS.decode(body) if row.symbol == asked.symbol]
    reports = [row.report(time_ns, asked.sent_ns) for row in rows]
    if any(row.position_side is not PositionSide.BOTH for row in rows):
        return [AccountChanged(time_ns, asked.symbol, "position_mode"), *broken(asked, time_ns)]
    _require(len(reports) <= 1)
    if reports:
        return [reports[0]]
    return [PositionReport(time_ns, asked.symbol, 0, 0, 0, asked.sent_ns, Witness.QUERY)]


def _trades(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    rows = _TRADES.decode(body)
    _require(all(row.symbol == asked.symbol for row in rows))
    trades, spans_ns = tuple(row.trade() for row in rows), asked.sent_ns - asked.from_ns
    whole = len(rows) < TRADES_PAGE and spans_ns <= TRADES_WINDOW_NS
    return [TradesReport(time_ns, asked.symbol, asked.sent_ns, asked.from_ns, trades, whole)]


def _open_orders(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    rows = _ORDERS.decode(body)
    _require(all(row.symbol == asked.symbol for row in rows))
    reports = tuple(row.report(time_ns, Witness.QUERY) for row in rows)
    return [OpenOrdersReport(time_ns, asked.symbol, asked.sent_ns, reports)]


def _open_stops(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    rows = _ALGOS.decode(body)
    _require(all(row.symbol == asked.symbol for row in rows))
    reports = tuple(row.report(time_ns, Witness.QUERY) for row in rows)
    return [OpenStopsReport(time_ns, asked.symbol, asked.sent_ns, reports)]


def _balances(_: Asked, body: bytes, time_ns: int) -> list[Event]:
    return [row.report(time_ns) for row in _BALANCES.decode(body)]


def _funding(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    """A full page may not be all: then it proves nothing."""
    rows = _INCOME.decode(body)
    _require(len(rows) < TRADES_PAGE and all(row.income_type == "FUNDING_FEE" for row in rows))
    by_asset: dict[str, int] = {}
    for row in rows:
        by_asset[row.asset] = by_asset.get(row.asset, 0) + parse(row.income)
    return [FundingReport(time_ns, asked.sent_ns, asked.from_ns, sum(by_asset.values()), tuple(by_asset.items()))]


def _price(asked: Asked, body: bytes, time_ns: int) -> list[Event]:
    row = _PRICE.decode(body)
    _require(row.symbol == asked.symbol)
    return [row.report(time_ns)]


def _require(fits: bool) -> None:
    if not fits:
        raise ValueError("the answer is of something else")


_OK: Final = 200
_READERS: Final[dict[Request, Callable[[Asked, bytes, int], list[Event]]]] = {
    Request.PLACE: _changed_order,
    Request.CANCEL: _changed_order,
    Request.PLACE_STOP: _placed_stop,
    Request.CANCEL_STOP: _cancelled_stop,
    Request.ORDER: _order,
    Request.STOP: _stop,
    Request.POSITION: _positions,
    Request.TRADES: _trades,
    Request.OPEN_ORDERS: _open_orders,
    Request.OPEN_STOPS: _open_stops,
    Request.BALANCE: _balances,
    Request.FUNDING: _funding,
    Request.PRICE: _price,
}
