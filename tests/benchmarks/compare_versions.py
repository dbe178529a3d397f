"""Compare two checkouts: the same commands on the same candles must give the same figures, trades and JSON keys.

`python -m tests.benchmarks.compare_versions OLD_CHECKOUT` runs every bundled strategy on every shared candle file in
OLD_CHECKOUT and in this one (`test-strategy`, and `optimize`, `walk-forward` and `validate` on one file each), compares
what they print and store, and prints one line per file. Ids, hashes of code, times and paths may differ, and
the wording of sentences, but not the numbers in them; nothing else.
Exit code 1 where anything differs.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.repository import ROOT

CANDLES = ROOT.parent / "shared" / "data" / "candles"
STRATEGIES = (
    "donchian_breakout",
    "macd_trend",
    "mean_reversion",
    "opening_range_breakout",
    "rsi_reversion",
    "sma_crossover",
)
SEARCHES = {
    "optimize": ["--method=random", "--trials=300", "--seed=1"],
    "walk-forward": ["--method=random", "--trials=40", "--seed=1"],
    "validate": [],
}
"""Verbs and their options: some whole grids have hundreds of thousands of combinations."""
MAY_DIFFER = frozenset({"run_id", "id", "code_sha256", "created_at", "artifacts", "seconds", "folder"})
TABLES = ("trades.csv", "equity.csv", "windows.csv", "combinations.csv")

# Runs in either checkout: the command line is the same in both, the modules behind it need not be.
RUNNER = """
import contextlib, io, json, sys, traceback
from scripts import cli
app = getattr(cli, "app", None) or cli.make_app()
for line in sys.stdin:
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            app(json.loads(line), standalone_mode=False)
        answer = json.loads(output.getvalue())
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
"""

SURFACE = """
import asyncio, importlib, json, typer
from mcp.client import Client
from scripts import cli
app = getattr(cli, "app", None) or cli.make_app()
def options(command):
    found = {"options": sorted(o for p in command.params for o in p.opts + p.secondary_opts)}
    return found | {name: options(sub) for name, sub in getattr(command, "commands", {}).items()}
async def tools(name):
    for place in (f"mcp_servers.{name}", f"mcp_servers.{name}.server"):
        server = getattr(importlib.import_module(place), "server", None)
        if hasattr(server, "list_tools"):
            break
    async with Client(server) as client:
        listed = (await client.list_tools()).tools
    return {t.name: [keys(t.input_schema), keys(t.output_schema or {})] for t in listed}
def keys(schema):
    parts = {"": schema, **schema.get("$defs", {})}
    return sorted({key for part in parts.values() for key in part.get("properties", {})})
servers = {name: asyncio.run(tools(name)) for name in ("backtest", "market", "validation")}
print(json.dumps({"commands": options(typer.main.get_command(app)), "tools": servers}))
"""


def main() -> int:
    """Print the table; 0 where both checkouts agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="a checkout of the version to compare with")
    parser.add_argument("--files", default="*.csv.gz", help="which candle files, as a glob pattern")
    given = parser.parse_args()
    differences = compare_surfaces(given.old)
    with tempfile.TemporaryDirectory() as scratch:
        old, new = (Checkout(root, Path(scratch) / name) for root, name in ((given.old, "old"), (ROOT, "new")))
        for label, commands in work(given.files):
            pairs = [(command, old.start(command), new.start(command)) for command in commands]
            found = [text for command, *_ in pairs for text in differing(command, old.answer(), new.answer())]
            print(f"{label:<64} {len(commands):>3} runs  {'equal' if not found else 'DIFFERENT'}", flush=True)
            differences += found
    print("\n".join(differences) or "No difference.")
    return 1 if differences else 0


def work(pattern: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Labels and the commands run under each."""
    for file in sorted(CANDLES.glob(pattern)):
        symbol, timeframe = file.name.split("_")[2:4]
        where = [symbol, timeframe]
        data = [f"--data={file}", "--json"]
        yield file.name, [["test-strategy", *where, name, *data] for name in STRATEGIES]
    file = CANDLES / "binance_spot_BTCUSDT_4h_20200920_20240630.csv.gz"
    data = [f"--data={file}", "--json"]
    for verb, options in SEARCHES.items():
        yield f"{verb} on {file.name}", [[verb, name, "BTCUSDT", "4h", *options, *data] for name in STRATEGIES]


class Checkout:
    """A process that answers commands with one checkout's code, one JSON object for each."""

    def __init__(self, root: Path, home: Path) -> None:
        home.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(root), "TWOKEY_HOME": str(home)}
        environment |= {"TWOKEY_LEDGER_DIR": str(home / "ledger"), "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", RUNNER],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, command: list[str]) -> None:
        """Send one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next result, with its stored tables."""
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        if found.get("path"):  # a version that prints a short answer and the file of the whole
            found = json.loads(Path(found["path"]).read_text(encoding="utf-8"))
        artifacts = found.get("artifacts", {})
        folder = Path(artifacts["result"]).parent if "result" in artifacts else None
        tables = {name: folder / name for name in TABLES} if folder else {}
        return found | {name: path.read_text() for name, path in tables.items() if path.exists()}


def differing(command: list[str], old: Any, new: Any, place: str = "") -> list[str]:
    """One line for each value or key that is not the same; those that may differ are left out."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = [name for name in {**old, **new} if name not in MAY_DIFFER]
        absent = object()
        return [
            text
            for name in names
            for text in differing(command, old.get(name, absent), new.get(name, absent), f"{place}.{name}")
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [text for i, (a, b) in pairs for text in differing(command, a, b, f"{place}[{i}]")]
    if old == new or (old != old and new != new) or _is_reworded(old, new):
        return []
    return [f"{' '.join(command)}: {place} was {str(old)[:80]}, is {str(new)[:80]}"]


def _is_reworded(old: Any, new: Any) -> bool:
    """Whether both are sentences with the same numbers in the same order."""
    if not (isinstance(old, str) and isinstance(new, str) and " " in old and " " in new and "\n" not in old):
        return False
    return re.findall(r"\d[\d.,]*\d|\d", old) == re.findall(r"\d[\d.,]*\d|\d", new)


def compare_surfaces(old: Path) -> list[str]:
    """Command names, their options, and names, arguments and answer keys of the MCP tools."""
    found = []
    for root in (old, ROOT):
        environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-P", "-c", SURFACE]
        done = subprocess.run(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        found.append(json.loads(done.stdout))
    return differing(["commands and tools"], *found)


if __name__ == "__main__":
    sys.exit(main())
