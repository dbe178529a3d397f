"""Prompts of the strategy server, for clients without the skills of this workspace."""

from pathlib import Path

import strategies


def create_strategy(idea: str) -> str:
    """How a strategy is written, with one that works as an example."""
    example = (Path(strategies.__file__).parent / "_templates" / "trend.py").read_text(encoding="utf-8")
    return (
        f"Write a trading strategy from this idea: {idea}\n\n"
        "First say in one sentence why it should earn money, who pays for that, and when it loses; ask the user where "
        "the idea leaves the rule open. Choose nothing by looking at results. Then call strategy_create with a short "
        "name in lower case and the whole source, and mend what its checks report. Offer a backtest; do not search "
        "parameters.\n\n"
        "Rules: one class with a docstring, derived from SignalStrategy; a signal at a bar uses nothing after the "
        "close of that bar, and is filled at the next open; parameters are Integer, Real or Choice with ranges; "
        "imports come from the standard library, numpy, skills_lib.domain and skills_lib.backtest.strategy alone.\n\n"
        f"An example that works:\n\n```python\n{example}```\n"
    )
