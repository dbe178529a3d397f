"""One plain sentence about a run: what happened, after which costs, and whether holding was better."""

from skills_lib.backtest.model import BacktestResult
from skills_lib.backtest.report.markdown import describe_costs
from skills_lib.report.numbers import amount

_LIKE_HOLDING_PCT = 0.05


def what_happened(result: BacktestResult) -> str:
    """The sentence, and that it is in-sample."""
    found, held = result.metrics["return_pct"] or 0.0, result.metrics["buy_hold_return_pct"]
    span = f"From {result.start[:10]} to {result.end[:10]}"
    who = f"{result.strategy} on {result.symbol} {result.timeframe}"
    if not result.metrics["trades"]:
        return f"{span}, {who} never traded, so nothing was tested{_held(held, ', while holding ')}. {_IN_SAMPLE}"
    costs = f"after costs ({describe_costs(result)})"
    return f"{span}, {who} {_changed(found)} {costs}{_beside(found, held)}. {_IN_SAMPLE}"


_IN_SAMPLE = (
    "This is in-sample: whoever chose the parameters may have seen these bars, so it describes the past and promises "
    "nothing."
)


def _changed(value: float) -> str:
    if value <= -99.995:
        return "lost everything"
    if abs(value) < 0.005:
        return "neither gained nor lost"
    return f"{'gained' if value > 0 else 'lost'} {amount(abs(value), 1 if abs(value) >= 0.1 else 3)} %"


def _held(held: float | None, before: str) -> str:
    return "" if held is None else f"{before}{_changed(held)} without costs"


def _beside(found: float, held: float | None) -> str:
    if held is None:
        return ""
    if abs(found - held) < _LIKE_HOLDING_PCT:
        return f", about as much as holding, which {_changed(held)} without costs"
    compared = "better" if found > held else "worse"
    return f": {compared} than holding, which {_changed(held)} without costs"
