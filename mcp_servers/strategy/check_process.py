"""Checks one strategy and prints the outcome as JSON: `python -m mcp_servers.strategy.check_process NAME`.

A process of its own, because a strategy may do anything when it is imported: not end, print, or end its process.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

MAX_REASON = 600


def main(name: str) -> None:
    """Print one JSON list of checks; whatever the strategy prints goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    found = [line | {"reason": " ".join(line["reason"].split())[:MAX_REASON]} for line in _checks(name)]
    os.write(answers, json.dumps(found).encode())


def _checks(name: str) -> Iterator[dict[str, Any]]:
    import strategies
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.strategy import parameter_space
    from skills_lib.domain.errors import TwokeyError
    from skills_lib.testing import random_walk
    from skills_lib.validate.stages.lookahead import truncation

    try:
        strategy = strategies.load(name)
        found = truncation(strategy, random_walk(2_000, 1), parameter_space(strategy).defaults(), BacktestSettings())
    except TwokeyError as error:
        yield {"name": "import", "passed": False, "reason": str(error)}
        return
    yield {"name": "look-ahead", "passed": found.passed, "reason": found.words}


if __name__ == "__main__":
    main(sys.argv[1])
