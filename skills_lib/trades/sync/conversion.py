"""The venue's rows as rows of the store."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from skills_lib.trades.income_types import KNOWN
from skills_lib.trades.profit.fees import value
from skills_lib.trades.reconcile.merging import EXCHANGE
from skills_lib.trades.store.rows import StoredFill, StoredIncome, StoredOrder
from skills_lib.trades.sync.wire_rows import ListedAlgo, ListedIncome, ListedOrder, ListedTrade, decimal

Price = Callable[[str, str, int], Decimal | None]
"""The price of an asset in another at a time, milliseconds; None where it is not known."""


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """Whose rows they are."""

    venue: str
    account: str
    mode: str

    def fill(self, row: ListedTrade, price: Price) -> StoredFill:
        """A trade; its fee in the quote asset at the price then."""
        fee, asset = decimal(row.commission), row.commission_asset
        quote = row.margin_asset or asset
        rate = price(asset, quote, row.time) if fee and asset != quote else None
        return StoredFill(
            venue=self.venue,
            account=self.account,
            mode=self.mode,
            symbol=row.symbol,
            trade_id=row.id,
            order_id=row.order_id,
            side=row.side,
            position_side=row.position_side,
            price=decimal(row.price),
            quantity=decimal(row.qty),
            quote_quantity=decimal(row.quote_qty),
            fee=fee,
            fee_asset=asset,
            fee_quote=value(fee, asset, quote, rate),
            realised_pnl=decimal(row.realized_pnl),
            maker=row.maker,
            time_ms=row.time,
            source=EXCHANGE,
        )

    def order(self, row: ListedOrder) -> StoredOrder:
        """A regular order."""
        return StoredOrder(
            venue=self.venue,
            account=self.account,
            mode=self.mode,
            symbol=row.symbol,
            order_id=row.order_id,
            client_order_id=row.client_order_id,
            side=row.side,
            type=row.type,
            status=row.status,
            time_in_force=row.time_in_force,
            position_side=row.position_side,
            reduce_only=row.reduce_only,
            price=decimal(row.price) or None,
            trigger_price=decimal(row.stop_price) or None,
            quantity=decimal(row.orig_qty),
            executed_quantity=decimal(row.executed_qty),
            executed_quote=decimal(row.cum_quote) if row.cum_quote else None,
            created_ms=row.time,
            updated_ms=row.update_time,
            source=EXCHANGE,
        )

    def algo_order(self, row: ListedAlgo) -> StoredOrder:
        """A conditional order."""
        return StoredOrder(
            venue=self.venue,
            account=self.account,
            mode=self.mode,
            symbol=row.symbol,
            family="algo",
            order_id=row.algo_id,
            client_order_id=row.client_algo_id,
            side=row.side,
            type=row.order_type,
            status=row.algo_status,
            time_in_force=row.time_in_force,
            position_side=row.position_side,
            reduce_only=row.reduce_only,
            price=decimal(row.price) or None,
            trigger_price=decimal(row.trigger_price) or None,
            quantity=decimal(row.quantity),
            created_ms=row.create_time,
            updated_ms=row.update_time,
            source=EXCHANGE,
        )

    def income(self, row: ListedIncome, strategy_id: str) -> StoredIncome:
        """An entry of the ledger."""
        return StoredIncome(
            venue=self.venue,
            account=self.account,
            income_type=row.income_type,
            income_id=row.tran_id,
            strategy_id=strategy_id,
            symbol=row.symbol,
            asset=row.asset,
            amount=decimal(row.income),
            trade_id=int(row.trade_id) if row.trade_id.isascii() and row.trade_id.isdigit() else None,
            info=row.info,
            known=row.income_type in KNOWN,
            time_ms=row.time,
        )
