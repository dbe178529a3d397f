"""Whether contracts have one margin asset, and capital, limits and settings allow the smallest order of each."""

from collections.abc import Iterable

from live.engine.contract import Contract, MarginAssetsError, margin_asset_of
from live.engine.limits import UNITS, Limits
from live.engine.risk.costs import loss_at_stop
from live.engine.risk.exposure import notional
from live.engine.risk.sizing import smallest_capital, smallest_quantity
from live.engine.settings import StrategySettings
from live.engine.units import Unit
from live.money import SCALE, plain
from skills_lib.domain.errors import InputError

_CENT = SCALE // 100


def require_one_margin(contracts: Iterable[Contract]) -> None:
    """Check that all contracts are margined in one asset.

    Raises:
        InputError: they are not.
    """
    try:
        margin_asset_of(contracts)
    except MarginAssetsError as error:
        raise InputError(str(error)) from None


def require_capital(contract: Contract, price: int, capital: int, limits: Limits, settings: StrategySettings) -> None:
    """Check that an entry of the smallest size is possible at `price`. All amounts in units of 1e-8.

    Raises:
        InputError: it is not; says the smallest sum that is enough, or the limit or setting that is in the way.
    """
    smallest = smallest_capital(contract, price, limits.executor, settings.stop_bps)
    if not smallest:
        position = Unit.USD.show(limits.position)
        raise InputError(f"{_order(contract, price)} A position may be worth {position}: trade another contract.")
    if capital < smallest:
        enough = Unit.USD.show(-(-smallest // _CENT) * _CENT)
        raise InputError(
            f"A capital of {Unit.USD.show(capital)} is too small for {contract.symbol}. {_order(contract, price)} "
            f"Give at least {enough}."
        )
    _require_size(contract, price, limits, settings)


def _require_size(contract: Contract, price: int, limits: Limits, settings: StrategySettings) -> None:
    """Check the limits that were tightened, and the size that the settings want."""
    quantity = smallest_quantity(contract, price)
    worth = notional(quantity, price)
    needed = {
        "position": worth,
        "instrument": worth,
        "loss_at_stop": loss_at_stop(contract, quantity, price, settings.stop_bps),
    }
    for name, wanted in needed.items():
        if getattr(limits, name) < wanted:
            shown = UNITS[name].show
            raise InputError(
                f"{_order(contract, price)} It needs {shown(wanted)} of {name}, which is tightened to "
                f"{shown(getattr(limits, name))}. Give more."
            )
    if settings.order_usd < worth:
        raise InputError(f"{_order(contract, price)} order_usd={plain(settings.order_usd)} is below it. Give more.")


def _order(contract: Contract, price: int) -> str:
    quantity = smallest_quantity(contract, price)
    worth = Unit.USD.show(-(-notional(quantity, price) // _CENT) * _CENT)
    return f"The smallest order of {contract.symbol} is {plain(quantity)}, {worth} at {plain(price)}."
