"""Fees: exact in the asset that they were paid in, and in the margin asset for the limits of loss.

A fee in another asset, such as BNB, is valued once, when its fill is booked: at the mark price of that asset, which is
asked for when such a fee is paid, or, while none of late is known, as the taker fee of the fill, which is never less. A
fill without a word about its fee counts the taker fee until the trade list says what it was.
"""

from live.engine.actions import Action
from live.engine.constants import PRICE_ASKED_NS, PRICE_USABLE_NS
from live.engine.events import Answered, Fill, PriceReport, Request, RequestOutcome
from live.engine.latching import alert
from live.engine.queries import answered, ask
from live.engine.state import Account, EngineState, FeePrice, Market
from live.money import SCALE, commission


def book(state: EngineState, market: Market, fill: Fill) -> None:
    """Count the fee of a fill whose fee was not known before."""
    account, trade = state.account, (market.contract.symbol, fill.trade_id)
    if not fill.fee_asset:
        account.assumed_fees[trade] = _taker_fee(market, fill)
        return
    account.assumed_fees.pop(trade, None)
    if fill.fee_asset == market.contract.margin_asset:
        account.fees += fill.fee
        return
    account.other_fees[fill.fee_asset] = account.other_fees.get(fill.fee_asset, 0) + fill.fee
    account.valued_fees += _value(state, market, fill)


def _value(state: EngineState, market: Market, fill: Fill) -> int:
    """In the margin asset, rounded up; a rebate in another asset is worth nothing."""
    pair = fill.fee_asset + market.contract.margin_asset
    known = state.fee_prices.setdefault(pair, FeePrice(fill.fee_asset))
    known.wanted = known.listed and state.now_ns >= known.as_of_ns + PRICE_ASKED_NS
    if fill.fee <= 0:
        return 0
    if known.price and state.now_ns < known.as_of_ns + PRICE_USABLE_NS:
        return -(-fill.fee * known.price // SCALE)
    return _taker_fee(market, fill)


def _taker_fee(market: Market, fill: Fill) -> int:
    return commission(fill.price, fill.quantity, market.contract.taker_rate)


def counted(account: Account) -> int:
    """All fees as limits of loss count them, in the margin asset."""
    return account.fees + account.valued_fees + sum(account.assumed_fees.values())


def unknown(account: Account) -> set[str]:
    """Symbols with a fill whose fee is not known."""
    return {symbol for symbol, _ in account.assumed_fees}


def on_price(state: EngineState, report: PriceReport) -> list[Action]:
    """The mark price of an asset that fees were paid in; an older one, or none above 0, changes nothing."""
    known = state.fee_prices.get(report.pair)
    if known is None:
        return []
    answered(known.query)
    as_of_ns = min(report.event_ns, state.now_ns)
    if report.price > 0 and as_of_ns > known.as_of_ns:
        known.price, known.as_of_ns, known.wanted = report.price, as_of_ns, False
    return []


def on_answer(state: EngineState, event: Answered) -> list[Action]:
    """A price that could not be had: it is asked for again, unless the venue refuses the pair."""
    known = state.fee_prices.get(event.symbol)
    if known is None:
        return []
    answered(known.query)
    if event.outcome is RequestOutcome.REJECTED:
        known.listed = known.wanted = False
    return []


def tend(state: EngineState) -> list[Action]:
    """Name an asset in which fees are paid, once, and ask for its price."""
    actions: list[Action] = []
    for pair, known in state.fee_prices.items():
        if not known.named:
            known.named = True
            actions += alert(state, "fee_asset", "", _text(known.asset))
        if known.wanted:
            actions += ask(state, known.query, Request.PRICE, pair)
    return actions


def _text(asset: str) -> str:
    return (
        f"Fees are paid in {asset[:20]}. Limits of loss count them at its mark price, and as the full taker fee while "
        "there is none; the wallet of the margin asset does not pay them."
    )
