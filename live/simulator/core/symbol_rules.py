"""Trading rules of a symbol: filters and leverage brackets."""

from dataclasses import dataclass
from typing import Any, Self

from live.enums import OrderType, Side
from live.money import SCALE, exact, parse, plain, show
from live.simulator.core.rejections import Rejection


@dataclass(frozen=True, slots=True)
class Bracket:
    """One step of the leverage table: notional in money units, rates in units of 1e-8."""

    number: int
    initial_leverage: int
    floor: int
    cap: int
    maintenance_rate: int
    deduction: int


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """Rules listed for a symbol. Prices, quantities, money and rates in units of 1e-8.

    Prices and notionals are in `quote`; margin, profit and fees are in `margin`, of which the account needs a balance.
    """

    symbol: str
    base: str
    quote: str
    margin: str
    price_decimals: int
    quantity_decimals: int
    tick: int
    min_price: int
    max_price: int
    step: int
    min_quantity: int
    max_quantity: int
    max_market_quantity: int
    min_notional: int
    multiplier_up: int
    multiplier_down: int
    market_take_bound: int
    trigger_protect: int
    liquidation_fee: int
    max_orders: int
    brackets: tuple[Bracket, ...]
    listing: dict[str, Any]

    @property
    def status(self) -> str:
        """The contract's status in exchangeInfo."""
        return str(self.listing.get("status", "TRADING"))

    @property
    def trading(self) -> bool:
        """True while orders are accepted and matched."""
        return self.status == "TRADING"

    def price_text(self, price: int) -> str:
        """A price with the symbol's number of decimals, or more where a tape is finer than its listed tick."""
        return exact(price, self.price_decimals)

    def quantity_text(self, quantity: int) -> str:
        """A quantity with the symbol's number of decimals, or more where a tape is finer than its listed step."""
        return exact(quantity, self.quantity_decimals)

    def rounded_price_text(self, price: int) -> str:
        """A computed price, such as a mean or a bound, with the symbol's number of decimals, truncated."""
        return show(price, self.price_decimals)

    def check_price(self, price: int) -> None:
        """PRICE_FILTER.

        Raises:
            Rejection: -4001, -4002, -4014.
        """
        if price <= 0:
            raise Rejection(-4001, "Price less than 0.")
        if price < self.min_price:
            raise Rejection(-4013, "Price less than min price.")
        if price > self.max_price:
            raise Rejection(-4002, "Price greater than max price.")
        if price % self.tick:
            raise Rejection(-4014, "Price not increased by tick size.")

    def check_percent_price(self, side: Side, price: int, mark: int) -> None:
        """PERCENT_PRICE: a buy not too far above the mark price, a sell not too far below it.

        Raises:
            Rejection: -4016, -4024.
        """
        upper, lower = mark * self.multiplier_up // SCALE, mark * self.multiplier_down // SCALE
        if side is Side.BUY and price > upper:
            raise Rejection(-4016, f"Limit price can't be higher than {self.rounded_price_text(upper)}.")
        if side is Side.SELL and price < lower:
            raise Rejection(-4024, f"Limit price can't be lower than {self.rounded_price_text(lower)}.")

    def check_quantity(self, quantity: int, kind: OrderType) -> None:
        """LOT_SIZE, or MARKET_LOT_SIZE for a market order.

        Raises:
            Rejection: -4003, -4004, -4005, -4023.
        """
        maximum = self.max_quantity if kind.limited else self.max_market_quantity
        if quantity <= 0:
            raise Rejection(-4003, "Quantity less than or equal to zero.")
        if quantity < self.min_quantity:
            raise Rejection(-4004, "Quantity less than min quantity.")
        if quantity > maximum:
            raise Rejection(-4005, "Quantity greater than max quantity.")
        if quantity % self.step:
            raise Rejection(-4023, "Quantity not increased by step size.")

    def check_notional(self, notional: int) -> None:
        """MIN_NOTIONAL. Callers skip it for reduce-only orders, which are exempt.

        Raises:
            Rejection: -4164.
        """
        if notional < self.min_notional:
            minimum = plain(self.min_notional)
            raise Rejection(
                -4164, f"Order's notional must be no smaller than {minimum} (unless you choose reduce only)."
            )

    def bracket(self, notional: int) -> Bracket:
        """The leverage bracket of a position of `notional` money."""
        for bracket in self.brackets:
            if notional <= bracket.cap:
                return bracket
        return self.brackets[-1]

    def maintenance(self, notional: int) -> int:
        """Maintenance margin of a position of `notional` money."""
        bracket = self.bracket(abs(notional))
        return abs(notional) * bracket.maintenance_rate // SCALE - bracket.deduction

    def max_notional(self, leverage: int) -> int:
        """The maximum position notional at `leverage`."""
        allowed = [bracket.cap for bracket in self.brackets if bracket.initial_leverage >= leverage]
        return max(allowed, default=0)

    @classmethod
    def of(cls, listing: dict[str, Any], brackets: tuple[Bracket, ...]) -> Self:
        """Read one entry of `exchangeInfo.symbols`; absent filters do not limit anything."""
        filters = {entry["filterType"]: entry for entry in listing["filters"]}
        price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
        market = filters.get("MARKET_LOT_SIZE", lot)
        percent = filters.get("PERCENT_PRICE", {"multiplierUp": "100", "multiplierDown": "0"})
        return cls(
            symbol=listing["symbol"],
            base=listing["baseAsset"],
            quote=listing["quoteAsset"],
            margin=listing.get("marginAsset", listing["quoteAsset"]),
            price_decimals=int(listing["pricePrecision"]),
            quantity_decimals=int(listing["quantityPrecision"]),
            tick=parse(price["tickSize"]),
            min_price=parse(price["minPrice"]),
            max_price=parse(price["maxPrice"]),
            step=parse(lot["stepSize"]),
            min_quantity=parse(lot["minQty"]),
            max_quantity=parse(lot["maxQty"]),
            max_market_quantity=parse(market["maxQty"]),
            min_notional=parse(str(filters.get("MIN_NOTIONAL", {}).get("notional", "0"))),
            multiplier_up=parse(percent["multiplierUp"]),
            multiplier_down=parse(percent["multiplierDown"]),
            market_take_bound=parse(listing.get("marketTakeBound", "0.05")),
            trigger_protect=parse(listing.get("triggerProtect", "0.05")),
            liquidation_fee=parse(listing.get("liquidationFee", "0.0125")),
            max_orders=int(filters.get("MAX_NUM_ORDERS", {}).get("limit", 200)),
            brackets=brackets,
            listing=listing,
        )
