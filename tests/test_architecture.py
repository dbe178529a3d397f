"""Import contracts, length and docstrings of modules, and the import cost of the command's help."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.repository import ROOT, repository_files
from tests.validate.markets import random_walk

MAX_LINES = 400
HEAVY = {"pandas", "ccxt", "backtesting", "duckdb", "matplotlib", "mcp", "bokeh", "yfinance", "sqlalchemy"}
IMPORT_LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]

WRONG_IMPORTS = {
    "packages of skills_lib import only lower ones": ("skills_lib/domain/costs.py", "skills_lib.market"),
    "a validation stage imports no other module of validate, no search and no ledger": (
        "skills_lib/validate/stages/sharpe.py",
        "skills_lib.validate.model",
    ),
    "sweep imports kernel, never the reverse": (
        "skills_lib/backtest/kernel/run.py",
        "skills_lib.backtest.sweep.kernel",
    ),
    "tape imports feed, feed imports usability, usability imports book, never the reverse": (
        "skills_lib/market/depth/book/view.py",
        "skills_lib.market.depth.feed.client",
    ),
    "no import cycles": (
        "skills_lib/backtest/metrics.py",
        "skills_lib.backtest.pipeline",
    ),
    "the library never imports a strategy, an interface or live trading": ("skills_lib/settings.py", "strategies"),
    "a strategy imports the domain and the strategy base, nothing else": (
        "strategies/sma_crossover.py",
        "skills_lib.market.candles",
    ),
    "the command and the MCP servers do not import each other": ("mcp_servers/__init__.py", "scripts.cli"),
    "the domain is pure: no clock, socket, file or random number": ("skills_lib/domain/costs.py", "random"),
    "the simulator's core is pure: no clock, socket, file or random number": (
        "live/money.py",
        "random",
    ),
    "the engine is pure: no clock, socket, file or random number, and nothing of an exchange": (
        "live/engine/state.py",
        "live.simulator.venue",
    ),
    "only the simulator's sockets know event loops and the wall clock": (
        "live/simulator/http/rest.py",
        "asyncio",
    ),
    "no MCP server can sign a request": ("mcp_servers/__init__.py", "live.simulator.http.credentials"),
    "what asks a running daemon cannot send an order": ("live/control/client.py", "live.binance.requests"),
    "a client of the exchange knows neither sockets nor clock nor simulator": ("live/client/clock.py", "asyncio"),
    "only the sockets and the daemon of a client know event loops and sockets": (
        "live/session/virtual_wire.py",
        "live.sockets.loop_wire",
    ),
    "Binance's messages are read and written without sockets, clock or simulator": (
        "live/binance/signing.py",
        "live.simulator.venue",
    ),
    "live trading writes journals and never opens the trade log": (
        "live/__init__.py",
        "skills_lib.trades.store.rows",
    ),
    "live trading imports no strategy, interface or research code": (
        "live/__init__.py",
        "skills_lib.backtest.reference.run",
    ),
}

HELP_OF = """
import json, sys
from scripts.cli import make_app
app = make_app()
for command in json.loads(sys.argv[1]):
    app([*command, "--help"], standalone_mode=False)
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


NOT_TO_START = HEAVY | {"numpy", "numba"}
START_OF = """
import json, sys
from scripts.cli import main
sys.argv = ["twokey", *json.loads(sys.argv[1])]
try:
    main()
finally:
    print("LOADED", json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the code in `folder`."""
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program, "lint-imports is not installed beside the interpreter: run `make setup`"
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def copy_of_the_packages(folder: Path) -> Path:
    """Copy the packages and their contracts, to add wrong imports to."""
    for package in IMPORT_LINTER["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def modules_loaded_by_help(commands: list[list[str]]) -> tuple[set[str], str]:
    """Top-level modules loaded by the help of `commands`, and the printed help."""
    command = [sys.executable, "-c", HELP_OF, json.dumps(commands)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stderr)}, done.stdout


def modules_loaded_by(arguments: list[str], home: Path) -> tuple[set[str], str]:
    """Top-level modules loaded by a whole command in the workspace `home`, and all that it printed before."""
    folders = {"TWOKEY_HOME": str(home), "TWOKEY_LEDGER_DIR": str(home / "user")}
    command = [sys.executable, "-c", START_OF, json.dumps(arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | folders, capture_output=True, text=True, check=False, timeout=120
    )
    printed, _, loaded = done.stderr.rpartition("LOADED ")
    return {name.split(".")[0] for name in json.loads(loaded)}, done.stdout + printed


def test_every_import_contract_is_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(IMPORT_LINTER['contracts'])} kept, 0 broken." in done.stdout


def test_every_package_of_the_library_has_a_place_in_the_order() -> None:
    placed = {layer for contract in IMPORT_LINTER["contracts"] for layer in contract.get("layers", [])}
    packages = {f"skills_lib.{path.parent.name}" for path in (ROOT / "skills_lib").glob("*/__init__.py")}
    assert packages - placed == set()


def test_every_module_of_validate_is_forbidden_to_its_stages() -> None:
    name = "a validation stage imports no other module of validate, no search and no ledger"
    forbidden = next(c["forbidden_modules"] for c in IMPORT_LINTER["contracts"] if c["name"] == name)
    modules = {f"skills_lib.validate.{path.stem}" for path in (ROOT / "skills_lib" / "validate").iterdir()}
    assert (
        modules - set(forbidden) - {f"skills_lib.validate.{own}" for own in ("stages", "__init__", "__pycache__")}
        == set()
    )


@pytest.mark.parametrize("contract", [contract["name"] for contract in IMPORT_LINTER["contracts"]])
def test_a_wrong_import_breaks_its_contract(contract: str, tmp_path: Path) -> None:
    file, wrong = WRONG_IMPORTS[contract]
    checkout = copy_of_the_packages(tmp_path)
    source = (checkout / file).read_text(encoding="utf-8")
    (checkout / file).write_text(f"{source}\nimport {wrong}\n", encoding="utf-8")
    done = lint_imports(checkout)
    assert done.returncode == 1
    assert f"{contract} BROKEN" in " ".join(done.stdout.split())


def test_help_loads_no_heavy_library() -> None:
    loaded, printed = modules_loaded_by_help([[]])
    assert "test-strategy" in printed
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_help_of_no_verb_loads_a_heavy_library() -> None:
    verbs = [
        ["test-strategy"],
        ["runs"],
        ["compare"],
        ["strategies"],
        ["data"],
        ["data", "fetch"],
        ["data", "import"],
        ["simulate"],
    ]
    loaded, printed = modules_loaded_by_help(verbs)
    assert printed.count("Usage:") == len(verbs)
    assert loaded & HEAVY == set()


def test_no_module_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in repository_files("*.py")}
    assert len(lengths) > 50
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_LINES} == {}


def test_every_module_has_a_docstring() -> None:
    undocumented = [
        str(path.relative_to(ROOT))
        for path in repository_files("*.py")
        if (tree := ast.parse(path.read_text(encoding="utf-8"))).body and not ast.get_docstring(tree)
    ]
    assert undocumented == []


def test_every_module_is_in_a_known_folder() -> None:
    folders = {*IMPORT_LINTER["root_packages"], "tests", "docs", ".claude"}
    assert {path.relative_to(ROOT).parts[0] for path in repository_files("*.py")} <= folders


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], "test-strategy"),
        (["runs"], "0 of 0 stored runs"),
        (["runs", "--json"], '"stored":0'),
        (["test-strategy", "BTC", "1h", "no_such"], "Unknown strategy 'no_such'"),
    ],
)
def test_what_needs_no_figures_starts_without_a_heavy_library(
    arguments: list[str], expected: str, tmp_path: Path
) -> None:
    loaded, printed = modules_loaded_by(arguments, tmp_path)
    assert expected in printed
    assert loaded & NOT_TO_START == set()


SMALL = ("--param", "fast=5,10", "--param", "slow=20,40")
STORED = {
    "test-strategy": ("test-strategy", "BTC", "1h", "sma_crossover"),
    "optimize": ("optimize", "sma_crossover", "BTC", "1h", *SMALL, "--min-trades", "1"),
    "walk-forward": ("walk-forward", "sma_crossover", "BTC", "1h", *SMALL, "--train", "40d", "--test", "20d"),
    "validate": ("validate", "sma_crossover", "BTC", "1h", *SMALL, "--min-trades", "1"),
}


@pytest.mark.parametrize("verb", STORED)
def test_a_stored_answer_is_given_without_importing_what_computed_it(verb: str, tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT_1h.csv"
    random_walk(2_400, 5).to_frame().rename(columns=str.lower).to_csv(file)
    asked = [*STORED[verb], "--data", str(file), "--json"]
    computing, computed = modules_loaded_by(asked, tmp_path)
    loaded, answered = modules_loaded_by(asked, tmp_path)
    assert "backtesting" in computing
    assert json.loads(answered)["strategy"] == "sma_crossover"
    assert computed.startswith(answered)  # and says what was drawn
    assert "Drawn in " in computed.removeprefix(answered)
    assert loaded & (HEAVY | {"numba", "filelock"}) == set()


def test_a_strategy_changed_since_is_not_answered_from_the_store(tmp_path: Path) -> None:
    (tmp_path / "strategies").mkdir()
    own, asked = tmp_path / "strategies" / "sma_crossover.py", [*STORED["optimize"], "--source", "sample", "--json"]
    text = (ROOT / "strategies" / "sma_crossover.py").read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    _, first = modules_loaded_by([*asked, "--since", "2024-10-01"], tmp_path)
    own.write_text(text.replace("above, below = crosses(fast, slow)", "below, above = crosses(fast, slow)"), "utf-8")
    _, second = modules_loaded_by([*asked, "--since", "2024-10-01"], tmp_path)
    ids = [json.loads(printed.splitlines()[0])["id"] for printed in (first, second)]
    assert len(set(ids)) == 2
