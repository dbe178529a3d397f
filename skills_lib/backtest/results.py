"""The store of runs: one folder each under `backtests/results/`, written atomically."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from skills_lib.backtest.model import Artifacts, BacktestResult
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.report.drawings import PAGE

if TYPE_CHECKING:
    import pandas as pd

    from skills_lib.market.candles.model import Origin

REPORT, RESULT = "report.md", "result.json"
_FILES = {
    "result": RESULT,
    "report": REPORT,
    "page": PAGE,
    "picture": "equity.png",
    "trades": "trades.csv",
    "equity": "equity.csv",
}


class RunStore:
    """The runs stored under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def artifacts(self, run_id: str) -> Artifacts:
        """Paths of the files of a run, stored or not."""
        return Artifacts(**{name: self.root / run_id / file for name, file in _FILES.items()})

    def find(self, run_id: str) -> BacktestResult | None:
        """The stored run, or None if one of its files is missing; page and picture are drawn again from the others."""
        files = self.artifacts(run_id)
        try:
            stored = BacktestResult.model_validate_json(files.result.read_bytes())
        except (OSError, ValidationError):  # not there, or written by another version: run again
            return None
        if not all(path.is_file() for path in (files.report, files.trades, files.equity)):
            return None
        return stored.model_copy(update={"artifacts": files})

    def find_on(self, origin: "Origin", run_id: str) -> BacktestResult | None:
        """As `find`; the run names the `origin` that its candles have this time."""
        found = self.find(run_id)
        return found and found.model_copy(update={"source": str(origin)})

    def get(self, run_id: str) -> BacktestResult:
        """The run whose id starts with `run_id`.

        Raises:
            InputError: unknown or ambiguous id.
        """
        matches = [name for name in self._ids() if name.startswith(run_id)] if run_id else []
        if len(matches) > 1:
            raise InputError(f"Run '{run_id}' is ambiguous: {', '.join(matches[:5])}. Give more characters.")
        found = self.find(matches[0]) if matches else None
        if found is None:
            hint = did_you_mean(run_id, self._ids())
            raise InputError(f"Unknown run '{run_id}'.{hint} `twokey runs` lists the {len(self._ids())} stored runs.")
        return found

    def runs(self) -> list[BacktestResult]:
        """All stored runs, newest first."""
        found = [run for name in self._ids() if (run := self.find(name))]
        return sorted(found, key=lambda run: run.created_at, reverse=True)

    def trades(self, run_id: str) -> "pd.DataFrame":
        """Trades of a stored run: `execution.TRADE_COLUMNS`."""
        return _read_csv(self.artifacts(run_id).trades, ["entry_time", "exit_time"])

    def equity(self, run_id: str) -> "pd.DataFrame":
        """Equity and drawdown by bar: `open_time, equity, drawdown_pct`."""
        return _read_csv(self.artifacts(run_id).equity, ["open_time"])

    def save(self, run_id: str, write: Callable[[Artifacts], None]) -> None:
        """Call `write` with paths in a temporary folder, then move the folder into place atomically.

        Raises:
            OSError: writing failed; nothing is left behind.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".writing-") as scratch:
            folder = Path(scratch) / run_id
            folder.mkdir()
            write(Artifacts(**{name: folder / file for name, file in _FILES.items()}))
            self._move_into_place(folder, self.root / run_id)

    def _move_into_place(self, folder: Path, target: Path) -> None:
        try:
            folder.replace(target)
        except OSError:
            if self.find(target.name):  # another process stored the same run first
                return
            shutil.rmtree(target, ignore_errors=True)
            folder.replace(target)

    def _ids(self) -> list[str]:
        folders = self.root.glob("*/result.json") if self.root.is_dir() else []
        return sorted(path.parent.name for path in folders if not path.parent.name.startswith("."))


def _read_csv(path: Path, dates: list[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(path, parse_dates=dates)
