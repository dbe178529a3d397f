"""Compares what the engine learned with the exchange's own records, to the last unit.

`userTrades` and `income` are asked for by the same signed bytes as everything else: pages "Account Trade List" and "Get
Income History".
"""

from collections import Counter
from typing import NoReturn

import msgspec

from live.binance.calls import Call, CallWriter
from live.binance.rows import TradeRow
from live.client.conversations import Conversation, body_of
from live.engine.contract import Contract
from live.engine.events import AccountTrade
from live.money import parse, plain
from live.replay.collector import RunCollector
from live.session.session import finish
from live.session.virtual_wire import VirtualWire
from live.simulator.schedule import MS
from skills_lib.domain.errors import TwokeyError

_PAGE = 1_000
_COMPARED = ("REALIZED_PNL", "COMMISSION", "FUNDING_FEE")


class DisagreementError(TwokeyError):
    """The engine and the exchange have different records of the same run: a defect of this program."""


class _IncomeRow(msgspec.Struct, rename="camel"):
    """A row of `income`."""

    income_type: str
    income: str
    asset: str


class VenueRecords:
    """Asks the exchange for the records of the account."""

    def __init__(self, wire: VirtualWire, calls: CallWriter, begun_ns: int) -> None:
        self._wire, self._calls, self._begun_ms = wire, calls, begun_ns // MS

    def trades(self, symbol: str) -> list[AccountTrade]:
        """All trades of the account in a symbol, oldest first."""
        found: list[TradeRow] = []
        while True:
            first = found[-1].id + 1 if found else 1
            body = self._get("/fapi/v1/userTrades", {"symbol": symbol, "fromId": str(first), "limit": str(_PAGE)})
            rows = msgspec.json.decode(body, type=list[TradeRow])
            found += rows
            if len(rows) < _PAGE:
                return [row.trade() for row in found]

    def incomes(self) -> Counter[tuple[str, str]]:
        """The sums of all income by its type and asset, in units of 1e-8."""
        sums: Counter[tuple[str, str]] = Counter()
        page = 1
        while True:
            span = {"startTime": str(self._begun_ms), "page": str(page), "limit": str(_PAGE)}
            rows = msgspec.json.decode(self._get("/fapi/v1/income", span), type=list[_IncomeRow])
            for row in rows:
                sums[row.income_type, row.asset] += parse(row.income)
            if len(rows) < _PAGE:
                return sums
            page += 1

    def _get(self, path: str, parameters: dict[str, str]) -> bytes:
        return finish(self._wire, self._calls, _body(Call("GET", path, parameters)))


def _body(call: Call) -> Conversation[bytes]:
    answer = yield call
    return body_of(call, answer)


def require_agreement(collector: RunCollector, records: VenueRecords, contract: Contract) -> None:
    """Check that every trade, and every sum in each asset, is the same on both sides.

    Raises:
        DisagreementError: they are not.
    """
    symbol = contract.symbol
    known = {number: traded.trade for number, traded in collector.traded.items()}
    theirs = {trade.fill.trade_id: trade for trade in records.trades(symbol)}
    for number in known.keys() | theirs.keys():
        if known.get(number) != theirs.get(number):
            _differ(f"trade {number} of {symbol}", known.get(number), theirs.get(number))
    ours, sums = _incomes(collector, contract.margin_asset), records.incomes()
    for kind, asset in ours.keys() | {key for key in sums if key[0] in _COMPARED}:
        if sums[kind, asset] != ours[kind, asset]:
            _differ(f"{kind} in {asset}", plain(ours[kind, asset]), plain(sums[kind, asset]))


def _incomes(collector: RunCollector, margin_asset: str) -> Counter[tuple[str, str]]:
    """What the engine learned of income, by type and asset."""
    sums: Counter[tuple[str, str]] = Counter()
    for traded in collector.traded.values():
        sums["REALIZED_PNL", margin_asset] += traded.trade.fill.realised
        sums["COMMISSION", traded.trade.fill.fee_asset] -= traded.trade.fill.fee
    for paid in collector.funding:
        sums["FUNDING_FEE", margin_asset] += paid.amount
    return sums


def _differ(what: str, ours: object, theirs: object) -> NoReturn:
    raise DisagreementError(f"{what}: the engine's record is {ours}, the exchange's {theirs}. Report this.")
