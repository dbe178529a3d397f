"""The answer about a validation: what failed comes first, so that nothing bad is left out where it is shortened."""

from skills_lib.answers.validations import _other_markets
from skills_lib.validate.stages.breadth import CrossMarketResult


def market(symbol: str, return_pct: float | None, problem: str | None = None) -> CrossMarketResult:
    figures = {"sharpe": 0.123456789, "return_pct": return_pct, "max_drawdown_pct": -50.0, "trades": 12}
    return CrossMarketResult(
        symbol=symbol,
        timeframe="1h",
        bars=10,
        days=1,
        metrics={} if problem else figures,
        sharpe_error=None if problem else 0.5,
        synthetic=False,
        problem=problem,
    )


def test_markets_that_could_not_run_and_the_worst_come_first() -> None:
    found = [market("A", 30.0), market("B", -20.0), market("C", None, "no bars"), market("D", 5.0)]
    shown = _other_markets(found)
    assert [one["symbol"] for one in shown] == ["C", "B", "D", "A"]
    assert shown[0]["problem"] == "no bars"
    assert shown[1] == {
        "symbol": "B", "timeframe": "1h", "days": 1, "sharpe": 0.12346, "sharpe_error": 0.5, "return_pct": -20.0,
        "max_drawdown_pct": -50.0, "trades": 12,
    }  # fmt: skip
