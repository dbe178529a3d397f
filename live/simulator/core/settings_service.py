"""Changes account settings: leverage, margin type, position mode, isolated margin."""

from dataclasses import replace

from live.enums import MarginType
from live.simulator.core.accounts import ASSET, Account
from live.simulator.core.commands import (
    MoveIsolatedMargin,
    SetDualSide,
    SetFeeBurn,
    SetLeverage,
    SetMarginType,
    SetMultiAssets,
)
from live.simulator.core.events import AssetModeChanged, ConfigChanged
from live.simulator.core.margin import Margin
from live.simulator.core.orders import MarginMove
from live.simulator.core.positions import Position
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State


def set_leverage(state: State, command: SetLeverage) -> tuple[int, int]:
    """Set a symbol's leverage; return it and the maximum notional it allows.

    Raises:
        Rejection: -4028 out of range, -2027 if the position is larger than the leverage allows, -4161 for less
            leverage under an isolated position, -2028 if equity does not cover the initial margin.
    """
    rules = state.market(command.symbol).rules
    if not 1 <= command.leverage <= rules.brackets[0].initial_leverage:
        raise Rejection(-4028, f"Leverage {command.leverage} is not valid.")
    account = state.accounts[command.account]
    _check_positions(state, account, command)
    if command.leverage < account.settings_of(command.symbol).leverage:
        _check_initial_margin(state, account, command)
    account.change_settings(command.symbol, leverage=command.leverage)
    state.outbox.append(ConfigChanged(account.name, command.symbol, command.leverage, state.now_ms))
    return command.leverage, rules.max_notional(command.leverage)


def _check_positions(state: State, account: Account, command: SetLeverage) -> None:
    market, held = state.markets[command.symbol], account.settings_of(command.symbol).leverage
    positions = [position for position in account.held() if position.symbol == command.symbol]
    allowed = market.rules.max_notional(command.leverage)
    if command.leverage > held and any(abs(position.notional(market.mark_price)) > allowed for position in positions):
        raise Rejection(-2027, "Exceeded the maximum allowable position at current leverage.")
    if command.leverage < held and positions and account.isolated(command.symbol):
        raise Rejection(-4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions.")


def _check_initial_margin(state: State, account: Account, command: SetLeverage) -> None:
    changed = replace(account, settings=dict(account.settings))
    changed.change_settings(command.symbol, leverage=command.leverage)
    margin = state.margin(changed)
    if margin.cross_equity < margin.cross_position_margin + margin.order_margin:
        raise Rejection(-2028, "Leverage is smaller than permitted: insufficient margin balance.")


def set_margin_type(state: State, command: SetMarginType) -> None:
    """Set a symbol's margin type.

    Raises:
        Rejection: -4046 unchanged, -4047 open orders, -4048 an open position, -4168 isolated in Multi-Assets mode.
    """
    state.market(command.symbol)
    account = state.accounts[command.account]
    if account.settings_of(command.symbol).margin_type is command.margin_type:
        raise Rejection(-4046, "No need to change margin type.")
    if account.multi_assets and command.margin_type is MarginType.ISOLATED:
        raise Rejection(-4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.")
    if state.open_orders(account.name, command.symbol) or state.waiting_algos(account.name, command.symbol):
        raise Rejection(-4047, "Margin type cannot be changed if there exists open orders.")
    if any(position.symbol == command.symbol for position in account.held()):
        raise Rejection(-4048, "Margin type cannot be changed if there exists position.")
    account.change_settings(command.symbol, margin_type=command.margin_type)


def set_dual_side(state: State, command: SetDualSide) -> None:
    """Set one-way or hedge mode.

    Raises:
        Rejection: -4059 unchanged, -4067 open orders, -4068 open positions.
    """
    account = state.accounts[command.account]
    if account.dual_side == command.dual_side:
        raise Rejection(-4059, "No need to change position side.")
    if state.open_orders(account.name) or state.waiting_algos(account.name):
        raise Rejection(-4067, "Position side cannot be changed if there exists open orders.")
    if account.held():
        raise Rejection(-4068, "Position side cannot be changed if there exists position.")
    account.dual_side = command.dual_side


def set_multi_assets(state: State, command: SetMultiAssets) -> None:
    """Set the Single-Asset or the Multi-Assets mode. Accounts hold one asset, so the margin stays the same.

    Raises:
        Rejection: -4171 unchanged, -4167 a symbol with isolated margin, -4170 open orders.
    """
    account = state.accounts[command.account]
    if account.multi_assets == command.multi_assets:
        raise Rejection(-4171, "Adjusted asset mode is currently set and does not need to be adjusted repeatedly.")
    if command.multi_assets and any(account.isolated(symbol) for symbol in account.settings):
        raise Rejection(
            -4167, "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under isolated-margin mode."
        )
    if state.open_orders(account.name):
        raise Rejection(-4170, "Unable to adjust Multi-Assets Mode with open orders in USDⓈ-M Futures.")
    account.multi_assets = command.multi_assets
    state.outbox.append(AssetModeChanged(account.name, command.multi_assets, state.now_ms))


def set_fee_burn(state: State, command: SetFeeBurn) -> None:
    """Pay fees in BNB where the account has any, or never."""
    state.accounts[command.account].fee_burn = command.fee_burn


def move_isolated_margin(state: State, command: MoveIsolatedMargin) -> int:
    """Add margin to or remove it from an isolated position; return the amount moved.

    The limits are those of Binance FAQ 360038447311, "How to adjust margin balance in isolated margin mode".

    Raises:
        Rejection: -4049 in cross mode, -4054 without a position, -4050 or -4051 if the cross or isolated balance is
            insufficient, -4055 if nothing would move.
    """
    state.market(command.symbol)
    account = state.accounts[command.account]
    account.check_position_side(command.position_side)
    position = account.position(command.symbol, command.position_side)
    if not account.isolated(command.symbol):
        raise Rejection(-4049, "Add margin only support for isolated position.")
    if not position.amount:
        raise Rejection(-4054, "Cannot add position margin: position is 0.")
    if not command.amount:
        raise Rejection(-4055, "Amount must be positive.")
    if command.amount > _addable(state.margin(account)):
        raise Rejection(-4050, "Cross balance insufficient.")
    if -command.amount > _removable(state, account, position):
        raise Rejection(-4051, "Isolated balance insufficient.")
    position.isolated_wallet += command.amount
    state.margin_moves.append(
        MarginMove(account.name, command.symbol, position.side, command.amount, ASSET, state.now_ms)
    )
    state.report_account(account, "MARGIN_TRANSFER", [position])
    return command.amount


def _addable(margin: Margin) -> int:
    """Cross wallet less orders and cross maintenance; not unrealized profit."""
    return max(0, min(margin.cross_wallet - margin.order_margin - margin.cross_maintenance, margin.available))


def _removable(state: State, account: Account, position: Position) -> int:
    """Isolated wallet, of which the initial margin at the mark price stays once losses are counted."""
    mark = state.markets[position.symbol].mark_price
    initial = abs(position.notional(mark)) // account.settings_of(position.symbol).leverage
    held = position.isolated_wallet
    return max(0, min(held, held + position.unrealized(mark) - initial))
