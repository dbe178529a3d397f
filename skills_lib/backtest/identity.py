"""The identity of a run: a hash of its data, code, parameters, costs and settings."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.constraints import Value

_ROOM = Path(__file__).parent
_EXECUTES = ("strategy", "runner", "execution", "funding", "metrics", "verdict", "model", "kernel", "kernel_execution")


def code_sha256(strategy_file: Path) -> str:
    """Hash of the strategy's file, the library code that executes and measures it, and backtesting.py's version."""
    return hashlib.sha256(strategy_file.read_bytes() + _library_sha256().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two answers the same. `asked`: strategy, symbol, timeframe and origin, in words."""

    data_sha256: str
    code_sha256: str
    parameters: dict[str, Value]
    settings: BacktestSettings
    asked: str

    @property
    def run_id(self) -> str:
        """16 hex digits."""
        settings = self.settings.model_dump(mode="json")
        parts = [self.data_sha256, self.code_sha256, self.parameters, settings, self.asked]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@cache
def _library_sha256() -> str:
    digest = hashlib.sha256(version("backtesting").encode())
    for file in (*sorted((_ROOM.parent / "domain").glob("*.py")), *(_ROOM / f"{name}.py" for name in _EXECUTES)):
        digest.update(file.read_bytes())
    return digest.hexdigest()
