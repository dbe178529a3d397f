"""Prompts of the backtest server, for clients without the skills of this workspace."""


def test_strategy(symbol: str, timeframe: str, strategy: str) -> str:
    """What to do to test a strategy, and how to report it."""
    return (
        f"Backtest the strategy {strategy} on {symbol} {timeframe} with backtest_run. If the name is unknown, choose "
        "with the user from backtest_list_strategies. Then look at backtest_get_picture.\n\n"
        "Report in this order: if the candles are synthetic, that first, and that nothing follows for a market; the "
        "verdict and its reasons; that the result is in-sample, so never call a return performance or a forecast; the "
        "figures, each return with the assumed costs; the trial meter; every warning; the source of the candles. Quote "
        "figures from the answer, never from memory. Do not search parameters unless asked to. To learn whether "
        "the result is luck, offer validation_start."
    )
