"""Costs of trading: commission, spread, slippage and funding, with presets for venues."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.models import parse_model

BPS = 1e-4


class Costs(BaseModel):
    """Trading costs. Rates are in basis points (bps) of the traded notional.

    Spread and slippage are charged at entry for the whole round trip, as backtesting.py does with `spread`.
    Funding is paid by longs to shorts at 00:00, 08:00 and 16:00 UTC when positive; the rate is a constant
    assumption, not history.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = "custom"
    commission_bps: float = Field(20.0, ge=-100, lt=1_000, description="per side, bps of notional")
    commission_per_unit: float = Field(0.0, ge=0, description="per side, quote currency per unit traded")
    commission_minimum: float = Field(0.0, ge=0, description="per order, quote currency")
    commission_maximum_bps: float | None = Field(None, gt=0, description="cap per order, bps of notional")
    spread_bps: float = Field(0.0, ge=0, lt=1_000, description="full bid-ask spread, bps")
    slippage_bps: float = Field(0.0, ge=0, lt=1_000, description="per side, bps beyond the best price")
    funding_bps_per_8h: float = Field(0.0, gt=-100, lt=100, description="perpetuals only, bps per 8 hours")

    @property
    def round_trip_spread(self) -> float:
        """Spread and both sides' slippage as a fraction of the entry price."""
        return (self.spread_bps + 2 * self.slippage_bps) * BPS

    @property
    def is_proportional(self) -> bool:
        """Whether commission is a plain share of notional, with no minimum, cap or charge per unit."""
        return not (self.commission_per_unit or self.commission_minimum or self.commission_maximum_bps is not None)

    def commission(self, units: float, price: float) -> float:
        """Commission in quote currency of one order of `units` (either sign) at `price`; negative is a rebate.

        A cap below the minimum wins, as at Interactive Brokers.
        """
        notional = abs(units) * price
        charge = notional * self.commission_bps * BPS + abs(units) * self.commission_per_unit
        if self.commission_minimum:
            charge = max(charge, self.commission_minimum)
        if self.commission_maximum_bps is None:
            return charge
        return min(charge, notional * self.commission_maximum_bps * BPS)

    def side_bps(self) -> float:
        """Proportional cost of one side in bps: commission, half the spread, slippage, without per-unit charges."""
        return self.commission_bps + self.spread_bps / 2 + self.slippage_bps


# Fees as published in 2026 for the lowest tier without discounts; check your own tier.
# Binance spot 0.1 %; USD-M maker 0.02 %, taker 0.05 %; default funding 0.01 % per 8 h.
# IBKR Pro fixed: USD 0.005 a share, minimum USD 1.00, at most 1 % of the trade value.
PRESETS: Mapping[str, Costs] = MappingProxyType(
    {
        costs.name: costs
        for costs in (
            Costs(name="default", commission_bps=20),
            Costs(name="binance-spot", commission_bps=10),
            Costs(name="usdm-taker", commission_bps=5, spread_bps=0.2, funding_bps_per_8h=1),
            Costs(name="usdm-maker", commission_bps=2, funding_bps_per_8h=1),
            Costs(
                name="ib-stock",
                commission_bps=0,
                commission_per_unit=0.005,
                commission_minimum=1,
                commission_maximum_bps=100,
                spread_bps=1,
            ),
            Costs(name="free", commission_bps=0),
        )
    }
)


def preset(name: str) -> Costs:
    """The preset called `name`.

    Raises:
        InputError: unknown preset; the message lists the allowed ones.
    """
    if name not in PRESETS:
        raise InputError(f"Unknown costs '{name}'.{did_you_mean(name, PRESETS)} Allowed: {', '.join(PRESETS)}.")
    return PRESETS[name]


def costs_from(name: str, overrides: Mapping[str, float | None]) -> Costs:
    """The preset called `name` with the given rates replaced; None keeps a rate.

    Raises:
        InputError: unknown preset, or a rate out of range.
    """
    base, changed = preset(name), {key: value for key, value in overrides.items() if value is not None}
    if not changed:
        return base
    return parse_model(Costs, **base.model_dump() | changed | {"name": f"{name}, adjusted"})
