"""JSON payloads of balances and positions, with the fields and types of Binance's REST documentation."""

from typing import Any

from live.enums import MarginType, PositionSide
from live.money import SCALE, plain, show
from live.simulator.core.accounts import ASSET, Account
from live.simulator.core.bnb import BNB
from live.simulator.core.margin import Exposure, Margin, liquidation_price, total
from live.simulator.core.orders import Income, MarginMove
from live.simulator.core.positions import Position
from live.simulator.core.state import State
from live.simulator.payloads.adl import quantile


class Portfolio:
    """An account with its exposures and margin at the current mark prices."""

    def __init__(self, state: State, account: Account) -> None:
        self.state, self.account = state, account
        self.parts: list[Exposure] = state.exposures(account)
        self.margin: Margin = total(account, self.parts)

    def part(self, symbol: str, side: PositionSide) -> Exposure | None:
        """The exposure of one position; None if it has none."""
        same = [part for part in self.parts if (part.position.symbol, part.position.side) == (symbol, side)]
        return same[0] if same else None

    def sides(self) -> list[PositionSide]:
        """The position sides of the account's mode."""
        if self.account.dual_side:
            return [PositionSide.BOTH, PositionSide.LONG, PositionSide.SHORT]
        return [PositionSide.BOTH]

    def liquidation_price(self, part: Exposure) -> int:
        """The liquidation price of the position, units of 1e-8."""
        bracket = self.state.markets[part.position.symbol].rules.bracket(abs(part.notional))
        return liquidation_price(part, self.margin, bracket.maintenance_rate, bracket.deduction)


def balance(portfolio: Portfolio) -> list[dict[str, Any]]:
    """`GET /balance`, versions 2 and 3."""
    margin = portfolio.margin
    return [
        {
            "accountAlias": alias(portfolio.account),
            "asset": ASSET,
            "balance": show(margin.wallet),
            "crossWalletBalance": show(margin.cross_wallet),
            "crossUnPnl": show(margin.cross_unrealized),
            "availableBalance": show(margin.available),
            "maxWithdrawAmount": show(margin.withdrawable),
            "marginAvailable": True,
            "updateTime": portfolio.account.updated_ms,
        },
        *(_bnb_balance(account) for account in [portfolio.account] if account.bnb.balance),
    ]


def income(entry: Income) -> dict[str, Any]:
    """One line of `income`."""
    return {
        "symbol": entry.symbol,
        "incomeType": entry.kind,
        "income": show(entry.amount),
        "asset": entry.asset,
        "info": entry.trade_id or entry.kind,
        "time": entry.time_ms,
        "tranId": entry.transaction_id,
        "tradeId": entry.trade_id,
    }


def move_type(entry: MarginMove) -> int:
    """1 if margin was added to a position, 2 if it was taken away."""
    return 1 if entry.amount > 0 else 2


def margin_move(entry: MarginMove) -> dict[str, Any]:
    """One line of `positionMargin/history`."""
    return {
        "symbol": entry.symbol,
        "type": move_type(entry),
        "deltaType": "USER_ADJUST",
        "amount": show(abs(entry.amount)),
        "asset": entry.asset,
        "time": entry.time_ms,
        "positionSide": entry.position_side,
    }


def _bnb_balance(account: Account) -> dict[str, Any]:
    held, none = show(account.bnb.balance), show(0)
    amounts = {"balance": held, "crossWalletBalance": held, "crossUnPnl": none, "availableBalance": held}
    tail = {"maxWithdrawAmount": held, "marginAvailable": False, "updateTime": account.updated_ms}
    return {"accountAlias": alias(account), "asset": BNB} | amounts | tail


def alias(account: Account) -> str:
    """The `accountAlias` of balances."""
    return account.name[:4]


def _totals(margin: Margin) -> dict[str, Any]:
    return {
        "totalInitialMargin": show(margin.position_margin + margin.order_margin),
        "totalMaintMargin": show(margin.maintenance),
        "totalWalletBalance": show(margin.wallet),
        "totalUnrealizedProfit": show(margin.unrealized),
        "totalMarginBalance": show(margin.wallet + margin.unrealized),
        "totalPositionInitialMargin": show(margin.position_margin),
        "totalOpenOrderInitialMargin": show(margin.order_margin),
        "totalCrossWalletBalance": show(margin.cross_wallet),
        "totalCrossUnPnl": show(margin.cross_unrealized),
        "availableBalance": show(margin.available),
        "maxWithdrawAmount": show(margin.withdrawable),
    }


def _asset(portfolio: Portfolio) -> dict[str, Any]:
    margin = portfolio.margin
    return {
        "asset": ASSET,
        "walletBalance": show(margin.wallet),
        "unrealizedProfit": show(margin.unrealized),
        "marginBalance": show(margin.wallet + margin.unrealized),
        "maintMargin": show(margin.maintenance),
        "initialMargin": show(margin.position_margin + margin.order_margin),
        "positionInitialMargin": show(margin.position_margin),
        "openOrderInitialMargin": show(margin.order_margin),
        "crossWalletBalance": show(margin.cross_wallet),
        "crossUnPnl": show(margin.cross_unrealized),
        "availableBalance": show(margin.available),
        "maxWithdrawAmount": show(margin.withdrawable),
        "updateTime": portfolio.account.updated_ms,
    }


def _assets(portfolio: Portfolio) -> list[dict[str, Any]]:
    """The margin asset, and BNB if there is any."""
    usdt, bnb = _asset(portfolio), portfolio.account.bnb.balance
    held = ("walletBalance", "marginBalance", "crossWalletBalance", "availableBalance", "maxWithdrawAmount")
    other = {name: BNB if name == "asset" else show(bnb if name in held else 0) for name in usdt}
    return [usdt, other | {"updateTime": usdt["updateTime"]}] if bnb else [usdt]


def account_v3(portfolio: Portfolio) -> dict[str, Any]:
    """`GET /fapi/v3/account`: positions and symbols with orders only."""
    positions = [_position_v3(part) for part in portfolio.parts]
    return _totals(portfolio.margin) | {"assets": _assets(portfolio), "positions": positions}


def _position_v3(part: Exposure) -> dict[str, Any]:
    position = part.position
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": plain(position.amount),
        "unrealizedProfit": show(part.unrealized),
        "isolatedMargin": show(position.isolated_wallet + part.unrealized if part.isolated else 0),
        "notional": show(part.notional),
        "isolatedWallet": show(position.isolated_wallet),
        "initialMargin": show(part.position_margin + part.order_margin),
        "maintMargin": show(part.maintenance),
        "updateTime": position.updated_ms,
    }


def account_v2(portfolio: Portfolio) -> dict[str, Any]:
    """`GET /fapi/v2/account`: every symbol of the venue."""
    account = portfolio.account
    head = {
        "feeTier": account.fees.level,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets,
        "tradeGroupId": -1,
    }
    positions = [
        _position_v2(portfolio, symbol, side) for symbol in portfolio.state.markets for side in portfolio.sides()
    ]
    assets = [asset | {"marginAvailable": asset["asset"] == ASSET} for asset in _assets(portfolio)]
    return head | _totals(portfolio.margin) | {"assets": assets, "positions": positions}


def _position_v2(portfolio: Portfolio, symbol: str, side: PositionSide) -> dict[str, Any]:
    part, settings = portfolio.part(symbol, side), portfolio.account.settings_of(symbol)
    position = part.position if part else Position(symbol, side)
    return {
        "symbol": symbol,
        "initialMargin": show(part.position_margin + part.order_margin if part else 0),
        "maintMargin": show(part.maintenance if part else 0),
        "unrealizedProfit": show(part.unrealized if part else 0),
        "positionInitialMargin": show(part.position_margin if part else 0),
        "openOrderInitialMargin": show(part.order_margin if part else 0),
        "leverage": str(settings.leverage),
        "isolated": settings.margin_type is MarginType.ISOLATED,
        "entryPrice": show(position.entry_price),
        "breakEvenPrice": show(position.break_even_price),
        "maxNotional": _max_notional(portfolio, symbol),
        "bidNotional": plain(part.bid_notional if part else 0),
        "askNotional": plain(part.ask_notional if part else 0),
        "positionSide": side,
        "positionAmt": plain(position.amount),
        "updateTime": position.updated_ms,
    }


def _max_notional(portfolio: Portfolio, symbol: str) -> str:
    leverage = portfolio.account.settings_of(symbol).leverage
    return str(portfolio.state.markets[symbol].rules.max_notional(leverage) // SCALE)


def position_risk_v3(portfolio: Portfolio, symbol: str = "") -> list[dict[str, Any]]:
    """`GET /fapi/v3/positionRisk`: positions and symbols with orders only."""
    return [_risk_v3(portfolio, part) for part in portfolio.parts if symbol in ("", part.position.symbol)]


def _risk_v3(portfolio: Portfolio, part: Exposure) -> dict[str, Any]:
    position = part.position
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": plain(position.amount),
        "entryPrice": show(position.entry_price),
        "breakEvenPrice": show(position.break_even_price),
        "markPrice": show(part.mark),
        "unRealizedProfit": show(part.unrealized),
        "liquidationPrice": show(portfolio.liquidation_price(part)),
        "isolatedMargin": show(position.isolated_wallet + part.unrealized if part.isolated else 0),
        "notional": show(part.notional),
        "marginAsset": ASSET,
        "isolatedWallet": show(position.isolated_wallet),
        "initialMargin": show(part.position_margin + part.order_margin),
        "maintMargin": show(part.maintenance),
        "positionInitialMargin": show(part.position_margin),
        "openOrderInitialMargin": show(part.order_margin),
        "adl": quantile(portfolio.state, position, portfolio.account),
        "bidNotional": plain(part.bid_notional),
        "askNotional": plain(part.ask_notional),
        "updateTime": position.updated_ms,
    }


def position_risk_v2(portfolio: Portfolio, symbol: str = "") -> list[dict[str, Any]]:
    """`GET /fapi/v2/positionRisk`: every symbol, or the given one."""
    symbols = [symbol] if symbol else list(portfolio.state.markets)
    return [_risk_v2(portfolio, name, side) for name in symbols for side in portfolio.sides()]


def _risk_v2(portfolio: Portfolio, symbol: str, side: PositionSide) -> dict[str, Any]:
    part, settings = portfolio.part(symbol, side), portfolio.account.settings_of(symbol)
    position = part.position if part else Position(symbol, side)
    isolated = settings.margin_type is MarginType.ISOLATED
    return {
        "symbol": symbol,
        "positionAmt": plain(position.amount),
        "entryPrice": show(position.entry_price),
        "breakEvenPrice": show(position.break_even_price),
        "markPrice": show(portfolio.state.markets[symbol].mark_price),
        "unRealizedProfit": show(part.unrealized if part else 0),
        "liquidationPrice": show(portfolio.liquidation_price(part) if part else 0),
        "leverage": str(settings.leverage),
        "maxNotionalValue": _max_notional(portfolio, symbol),
        "marginType": "isolated" if isolated else "cross",
        "isolatedMargin": show(position.isolated_wallet + part.unrealized if part and isolated else 0),
        "isAutoAddMargin": "false",
        "positionSide": side,
        "notional": show(part.notional if part else 0),
        "isolatedWallet": show(position.isolated_wallet),
        "updateTime": position.updated_ms,
    }
