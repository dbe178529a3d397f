"""The bootstrap of arch is imported alone, gives what the whole package gives, and leaves the package to others."""

import subprocess
import sys

import pytest

from tests.repository import ROOT

pytest.importorskip("arch", reason="the extra `evidence` is not installed")

COMPARED = """
import sys, numpy as np
daily = np.random.default_rng(3).normal(0.001, 0.02, (300, 4))
def figures(found):
    test = found.SPA(np.zeros(300), -daily, reps=100, seed=7)
    test.compute()
    return [*test.pvalues, *found.optimal_block_length(daily[:, 0]).iloc[0]]
"""
BOOTSTRAP_ONLY = """
from skills_lib.validate.stages.arch_import import bootstrap
print(figures(bootstrap()), [name for name in ("statsmodels", "scipy.stats") if name in sys.modules])
"""
WHOLE = "import arch.bootstrap; print(figures(arch.bootstrap), [])"
AFTERWARDS = """
from skills_lib.validate.stages.arch_import import bootstrap
mine = bootstrap()
import arch, scipy.stats
from arch.bootstrap import SPA, IIDBootstrap
assert arch.__file__ and arch.arch_model and scipy.stats.norm.cdf(0) == 0.5 and SPA is mine.SPA
print(IIDBootstrap(daily[:, 0], seed=1).conf_int(np.mean, 50, method="bca").shape)
"""


def run(program: str) -> str:
    """What a new Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", COMPARED + program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_bootstrap_alone_gives_the_figures_of_the_whole_package() -> None:
    assert run(BOOTSTRAP_ONLY) == run(WHOLE)


def test_the_package_is_whole_for_whoever_imports_it_afterwards() -> None:
    assert run(AFTERWARDS) == "(2, 1)\n"
