"""Checks one strategy and prints the outcome as JSON: `python -m mcp_servers.strategy.check_process NAME`.

A process of its own, because a strategy may do anything when it is imported: not end, print, or end its process.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
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
    from skills_lib.domain.errors import TwokeyError
    from skills_lib.testing.checks import CHECKS
    from skills_lib.testing.page import check_docstring

    try:
        strategy = strategies.load(name)
    except TwokeyError as error:
        yield {"name": "import", "passed": False, "reason": str(error)}
        return
    for check in CHECKS:
        yield asdict(check(strategy))
    yield asdict(check_docstring(name, strategy))


if __name__ == "__main__":
    main(sys.argv[1])
