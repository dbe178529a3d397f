"""What is compiled is reported; what is compiled ahead is all that sweeps call, and is loaded without the compiler."""

import subprocess
import sys

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import strategies
from skills_lib.backtest.kernel import entry_points, indicators, segments
from skills_lib.backtest.kernel.arrays import part
from skills_lib.backtest.kernel.compiling import FUNCTIONS, compile_ahead, compiling_reported
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import parameter_space
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.domain.costs import preset
from tests.repository import ROOT
from tests.validate.markets import random_walk

ONLY_LOADED = """
import sys, strategies
from skills_lib.backtest.kernel.compiling import compiling_reported
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.sweep.kernel import KernelSweep
from tests.validate.markets import random_walk
with compiling_reported() as found:
    sweep = KernelSweep(strategies.load("sma_crossover"), random_walk(500, 1), BacktestSettings())
    sweep.evaluate([{"fast": 10, "slow": 30}], Span(0, 500))
print(sweep.notes, found.functions, {"numba.np.arraymath", "pandas", "bokeh"} & set(sys.modules))
"""


def test_every_function_is_reported_when_it_is_compiled_and_never_past_the_total() -> None:
    reports: list[tuple[int, int, str]] = []

    def inner(x):  # type: ignore[no-untyped-def]
        return 2 * x

    compiled_inner = part(inner)

    def outer(x):  # type: ignore[no-untyped-def]
        return compiled_inner(x) + 1

    with compiling_reported(lambda *report: reports.append(report)) as found:
        assert part(outer)(3) == 7
    assert [name.rpartition(".")[2] for name in found.functions] == ["inner", "outer"]
    assert [done for done, _, _ in reports] == [0, 0, 1, 2]
    assert all(done < total for done, total, _ in reports)


def test_the_bar_goes_on_where_more_is_compiled_than_expected() -> None:
    reports: list[tuple[int, int, str]] = []

    def grow(x):  # type: ignore[no-untyped-def]
        return x + 1

    with compiling_reported(lambda *report: reports.append(report)) as found:
        found.functions.extend("another" for _ in range(2 * FUNCTIONS))
        part(grow)(1)
    assert all(done < total for done, total, _ in reports)


def test_an_interrupted_compilation_ends_it() -> None:
    def interrupt(*_report: object) -> None:
        raise KeyboardInterrupt

    def never_compiled(x):  # type: ignore[no-untyped-def]
        return x

    with pytest.raises(KeyboardInterrupt), compiling_reported(interrupt):
        part(never_compiled)(1)
    assert part(never_compiled)(1) == 1  # nothing listens any more


def test_compiled_code_is_loaded_without_what_only_compiling_needs() -> None:
    compile_ahead()  # where a module has changed since the last run
    done = subprocess.run([sys.executable, "-c", ONLY_LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[] [] set()\n"


@pytest.mark.parametrize("name", strategies.available())
@pytest.mark.parametrize("costs", ["default", "usdm-taker"])
def test_a_sweep_calls_only_what_was_compiled_ahead(name: str, costs: str) -> None:
    compile_ahead()
    before = signatures()
    strategy, bars = strategies.load(name), random_walk(3_000, 1)
    sweep = KernelSweep(strategy, bars, BacktestSettings(costs=preset(costs)), threads=1)
    combinations, spans = [parameter_space(strategy).defaults()], [Span(0, 3_000), Span(900, 2_900)]
    for span in spans:
        sweep.evaluate(combinations, span)
        sweep.daily_returns(combinations, span)
    sweep.evaluate_spans([(combinations, span) for span in spans])
    sweep.execute(combinations[0], spans[1], np.float64(5_000.0))
    assert signatures() == before


def signatures() -> dict[str, set[object]]:
    """The argument types for which each function that Python calls is compiled in this process."""
    found = {name: value for module in (entry_points, indicators, segments) for name, value in vars(module).items()}
    return {name: set(value.signatures) for name, value in found.items() if is_entry(value)}


def is_entry(value: object) -> bool:
    return isinstance(value, Dispatcher) and value.stats.cache_path is not None
