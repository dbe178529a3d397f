"""Prompts of the validation server, for clients without the skills of this workspace."""


def validate_strategy(symbol: str, timeframe: str, strategy: str) -> str:
    """What to do to learn whether a strategy is luck, and how to report it."""
    return (
        f"Validate the strategy {strategy} on {symbol} {timeframe}: call validation_start, then validation_status with "
        "wait_seconds=50 until the job is done, then validation_get_report. Look at single stages only where the "
        "verdict needs explaining.\n\n"
        "Report in this order: if the candles are synthetic, that first, and that nothing follows for a market; the "
        "verdict PASS, CAUTION or FAIL with the rules that decided it; what would change it and what it does not "
        "cover; the out-of-sample figures, each return with the assumed costs; how many configurations were ever "
        "tried on these candles (validation_ledger). Never call an in-sample figure a performance. After FAIL or "
        "CAUTION do not search on, and do not propose lower costs: each further try makes luck more likely. The "
        "sealed bars stay sealed; only the user opens them."
    )
