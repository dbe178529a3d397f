"""The tables of the first release, as they were then: later changes are migrations of their own."""

from alembic import op

from skills_lib.trades.store.migrations.tables import create_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    for name, (columns, indices) in _TABLES.items():
        create_table(name, columns, indices)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("candles_open_ms_brin", "candles", ["open_ms"], postgresql_using="brin")


_TABLES: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "crypto_trades": (
        "venue text!, account text!, symbol text!, position_side text!, trade_id integer!, strategy_id text, "
        "mode text, direction text, status text, quantity money, entry_quote money, exit_quote money, "
        "entry_price money, exit_price money?, gross_pnl money, fees money, fees_other_json text, funding money, "
        "pnl money, fills integer, opened_ms integer, closed_ms integer?, source text, run text",
        (
            ("strategy_id", "closed_ms"),
            ("venue", "account", "closed_ms"),
            ("venue", "account", "opened_ms"),
            ("run",),
        ),
    ),
    "orders": (
        "venue text!, account text!, symbol text!, family text!, order_id integer!, strategy_id text, mode text, "
        "client_order_id text, side text, type text, status text, time_in_force text, position_side text, "
        "reduce_only boolean, price money?, trigger_price money?, quantity money, executed_quantity money, "
        "executed_quote money?, created_ms integer, updated_ms integer, source text, run text",
        (
            ("strategy_id", "created_ms"),
            ("venue", "account", "created_ms"),
            ("client_order_id",),
        ),
    ),
    "fills": (
        "venue text!, account text!, symbol text!, trade_id integer!, strategy_id text, mode text, "
        "order_id integer, client_order_id text, side text, position_side text, price money, quantity money, "
        "quote_quantity money, fee money, fee_asset text, fee_quote money?, realised_pnl money?, maker boolean, "
        "time_ms integer, source text, run text",
        (
            ("strategy_id", "time_ms"),
            ("venue", "account", "time_ms"),
            ("venue", "account", "symbol", "order_id"),
        ),
    ),
    "strategy_performance": (
        "venue text!, account text!, strategy_id text!, time_zone text!, day text!, day_ms integer, mode text, "
        "trades integer, wins integer, turnover money, realised_pnl money, fees money, funding money, "
        "net_pnl money, max_drawdown money?, equity money?",
        (("strategy_id", "day_ms"),),
    ),
    "backtest_runs": (
        "run text!, venue text, account text, strategy_id text, mode text, symbol text, timeframe text, "
        "since_ms integer, until_ms integer, created_ms integer, origin text, synthetic boolean, verdict text, "
        "trades integer, cash money, equity_final money, return_percent money?, max_drawdown_percent money?, "
        "sharpe money?, win_rate_percent money?, parameters_json text, costs_json text, metrics_json text",
        (
            ("strategy_id", "created_ms"),
            ("symbol", "timeframe"),
        ),
    ),
    "candles": (
        "venue text!, symbol text!, timeframe text!, open_ms integer!, open money, high money, low money, "
        "close money, volume money, origin text",
        (),
    ),
    "funding_flows": (
        "venue text!, account text!, kind text!, flow_id text!, strategy_id text, asset text, amount money, "
        "fee money, status text, description text, reference text, match text, matched_venue text, "
        "matched_id text, time_ms integer, settled_ms integer?",
        (
            ("venue", "account", "time_ms"),
            ("match", "time_ms"),
        ),
    ),
    "income": (
        "venue text!, account text!, income_type text!, income_id integer!, strategy_id text, symbol text, "
        "asset text, amount money, trade_id integer?, info text, known boolean, time_ms integer",
        (
            ("venue", "account", "time_ms"),
            ("strategy_id", "time_ms"),
        ),
    ),
    "balances": (
        "venue text!, account text!, asset text!, time_ms integer!, strategy_id text, wallet_balance money, "
        "source text",
        (),
    ),
    "journal_offsets": (
        "run text!, venue text, account text, strategy_id text, sequence integer, byte integer, hash text, "
        "file_name text, time_ms integer, state_json text",
        (),
    ),
    "discrepancies": (
        "venue text!, account text!, kind text!, subject text!, strategy_id text, symbol text, ours text, "
        "theirs text, found_ms integer, resolved_ms integer?",
        (("strategy_id", "found_ms"),),
    ),
    "coverage": (
        "venue text!, account text!, subject text!, symbol text!, strategy_id text, complete_from_ms integer, "
        "complete_until_ms integer, venue_from_ms integer?, cursor_json text, note text, updated_ms integer",
        (),
    ),
}
