"""The identity of a result: a hash of its data, parameters, costs, settings and code.

Packages that compute results are hashed completely; packages named `report`, which only present results, are not.
A new module is therefore covered by its package.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.source import StrategySource
from skills_lib.domain.constraints import Value
from skills_lib.domain.parameters import ParameterSpace

if TYPE_CHECKING:
    from skills_lib.market.candles.model import Candles

ComputingPackage = Literal["domain", "backtest", "ledger", "optimize", "walk_forward", "validate", "calibrate"]
COMPUTING_PACKAGES: tuple[ComputingPackage, ...] = (
    "domain",
    "backtest",
    "ledger",
    "optimize",
    "walk_forward",
    "validate",
    "calibrate",
)
"""Packages of `skills_lib` that affect figures, lowest first: each may import those before it.

`market` is not among them, because bars are identified by their own hash.
"""
REPORT_PACKAGE = "report"
_LIBRARY = Path(__file__).parents[1]
_DEPENDENCIES = ("backtesting", "numba", "numpy", "pandas", "ta-lib")


@dataclass(frozen=True, slots=True)
class Identity:
    """The inputs that determine a run. `description`: strategy, symbol, timeframe and source."""

    data_sha256: str
    code_sha256: str
    parameters: dict[str, Value]
    settings: BacktestSettings
    description: str

    @property
    def run_id(self) -> str:
        """16 hex digits."""
        settings = self.settings.model_dump(mode="json")
        parts = [self.data_sha256, self.code_sha256, self.parameters, settings, self.description]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def identity_of(
    strategy: StrategySource,
    space: ParameterSpace,
    candles: "Candles",
    given: Mapping[str, object],
    settings: BacktestSettings,
) -> Identity:
    """What identifies a backtest of a strategy, whose parameters are `space`, on `candles`.

    Raises:
        InputError: a parameter outside its space.
    """
    engine = settings.engine_for(len(candles.bars))
    return Identity(
        data_sha256=candles.bars.digest(),
        code_sha256=code_sha256(strategy, "backtest"),
        parameters=space.resolve(given),
        settings=settings.with_unit_for(candles.bars).model_copy(update={"engine": engine}),
        description=f"{strategy.name} {candles.instrument.symbol} {candles.timeframe} {candles.origin.source}",
    )


def code_sha256(strategy: StrategySource, package: ComputingPackage) -> str:
    """Hash of all code that computes results of `package`: strategy, library, and numeric dependencies."""
    return hashlib.sha256(f"{strategy_sha256(strategy)} {library_sha256(package)}".encode()).hexdigest()


@cache
def library_sha256(package: ComputingPackage, library: Path = _LIBRARY) -> str:
    """Hash of `package`, of every computing package below it, and of the versions of the numeric libraries."""
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in _DEPENDENCIES).encode())
    for file in computing_files(package, library):
        digest.update(f"{file.relative_to(library).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def computing_files(package: ComputingPackage, library: Path = _LIBRARY) -> Iterator[Path]:
    """Modules of `package` and of every computing package below it, without `report` packages."""
    for name in COMPUTING_PACKAGES[: COMPUTING_PACKAGES.index(package) + 1]:
        for file in sorted((library / name).rglob("*.py")):
            if REPORT_PACKAGE not in file.relative_to(library).parts:
                yield file


def strategy_sha256(strategy: StrategySource) -> str:
    """Hash of the file of the strategy and the files of its package that it imports, without file names.

    The strategy is loaded, or imports nothing from its package, as `declared_space` makes sure.
    The trial ledger uses only this hash, so that a strategy stays the same trial after an update of Twokey.
    """
    package, files = strategy.package, {strategy.file}
    while more := {imported for file in files for imported in _imported(file, package)} - files:
        files |= more
    contents = {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return hashlib.sha256("".join(sorted(contents)).encode()).hexdigest()


def _imported(file: Path, package: str) -> Iterator[Path]:
    """Files of modules of `package` that a file imports; they are loaded, because the strategy is."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = ".".join(filter(None, [package if node.level else "", node.module]))
            names |= {parent} | {f"{parent}.{alias.name}" for alias in node.names}
    for name in names:
        path = getattr(sys.modules.get(name), "__file__", None)
        if package and name.startswith(f"{package}.") and path is not None:
            yield Path(path)
