"""One whole validation in a separate process: `whole_validation.py FOLDER DATA_DIR|sample` prints JSON.

`FOLDER` is an empty workspace. Imports and compilation are not timed: a small validation comes first.
"""

import json
import os
import sys
import time
from pathlib import Path

SYMBOLS, TIMEFRAMES = "BTC,ETH,BNB,SOL", "30m,1h,4h"
RANGES = ["fast=5:50:5", "slow=60:240:20"]


def main() -> None:
    """Warm up, then time."""
    home, data = Path(sys.argv[1]), sys.argv[2]
    os.environ |= {"TWOKEY_HOME": str(home), "TWOKEY_LEDGER_DIR": str(home / "ledger")}
    from scripts.validation_request import run_validation
    from skills_lib.progress import no_progress

    run_validation(_request("sample", "", "", "2023-03-01"), no_progress)
    began = time.perf_counter()
    found = run_validation(_request(data, SYMBOLS, TIMEFRAMES, None), no_progress)
    seconds = time.perf_counter() - began
    sets = 1 + len(found.timeframes) + len(found.assets)
    answer = {"seconds": seconds, "sets": sets, "trials": found.overfitting.trials, "source": found.source}
    sys.stdout.write(json.dumps(answer) + "\n")


def _request(data: str, symbols: str, timeframes: str, until: str | None):  # type: ignore[no-untyped-def]
    from scripts.sweep_request import settings_of
    from scripts.validation_request import ValidationCommand
    from skills_lib.market.candles import CandleArguments
    from skills_lib.optimize.arguments import SearchArguments
    from skills_lib.validate.arguments import ValidationArguments

    search = SearchArguments(RANGES, [], "sharpe", "grid", None, 7, 30, "kernel")
    windows = (None, None, None, "0d", False, "plateau")
    validation = ValidationArguments(search, *windows, symbols, timeframes, open_sealed=False, reason="")
    candles = CandleArguments("BTC", "1h", until=until, source="sample" if data == "sample" else "auto")
    folder = None if data == "sample" else Path(data)
    return ValidationCommand("sma_crossover", validation, candles, settings_of("default", 100_000, 1), folder, None)


if __name__ == "__main__":
    main()
