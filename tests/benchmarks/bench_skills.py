"""How long `/test-strategy BTC 1h sma_crossover` takes in the real client, beside the command that it runs.

Run by `make bench`; needs `make tools`. The model follows a script and answers at once, so the ratio shows what the
client, the skill and its answer add. Client and command take turns on the same candles, and every run is a new one.
From the slash command to the last sentence, in a running client; the target is a ratio of medians of at most 1.3.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.client.conversation import Conversation, conversation
from tests.client.core_clone import make_clone
from tests.client.scripted_model import Call, Say
from tests.client.venue import EveryMarket
from tests.market.candles.local_venue import serve
from tests.repository import ROOT

REPEATS = 7
TARGET = 1.3
WORDS = "BTC 1h sma_crossover"
COMMAND = f".venv/bin/twokey test-strategy {WORDS} --json"
CLAUDE = ROOT / "node_modules" / ".bin" / "claude"


def forget_results(clone: Path) -> None:
    """Remove the stored runs, so that the next one is computed."""
    for folder in (clone / "backtests").iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)


def by_itself(clone: Path, environment: dict[str, str]) -> float:
    """Seconds of the command."""
    forget_results(clone)
    began = time.perf_counter()
    subprocess.run(COMMAND.split(), cwd=clone, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def in_client(clone: Path, client: Conversation) -> float:
    """Seconds from the slash command to the last sentence."""
    forget_results(clone)
    call = Call("Bash", {"command": COMMAND, "description": "Runs the backtest"})
    began = time.perf_counter()
    answer = client.ask(f"/test-strategy {WORDS}", [call], [Say("WEAK after costs.")])
    seconds = time.perf_counter() - began
    if answer.of(call).is_error or answer.text != "WEAK after costs.":
        raise SystemExit(f"The skill did not run: {answer.of(call).text[:500]}")
    return seconds


def measure(clone: Path, scratch: Path, venue: str) -> list[tuple[float, float]]:
    """Pairs of seconds, in the client and alone; the first pair, which fetches the candles, is not counted."""
    addresses = {"TWOKEY_EXCHANGE_URL": venue, "TWOKEY_ARCHIVE_URL": venue}
    shell = {"PATH": os.environ["PATH"], "HOME": str(scratch / "home")} | addresses
    with conversation(str(CLAUDE), clone, scratch / "home", addresses) as client:
        client.wait_for_servers()
        pairs = [(in_client(clone, client), by_itself(clone, shell)) for _ in range(REPEATS + 1)]
    return pairs[1:]


def main() -> int:
    """Measure and print the ratio; exit 1 if it is above the target."""
    if not CLAUDE.exists():
        sys.stdout.write("claude is not installed: `make tools` installs it. Nothing was measured.\n")
        return 0
    server = serve(venue := EveryMarket())
    with tempfile.TemporaryDirectory() as folder:
        pairs = measure(make_clone(Path(folder) / "twokey"), Path(folder), venue.url)
    server.shutdown()
    server.server_close()
    skill, command = (statistics.median(times) for times in zip(*pairs, strict=True))
    sys.stdout.write(
        f"/test-strategy {WORDS}: {skill:.2f} s in the client, {command:.2f} s by itself, ratio {skill / command:.2f} "
        f"(target at most {TARGET:g}); medians of {REPEATS}, load average {os.getloadavg()[0]:.1f}\n"
    )
    return int(skill / command > TARGET)


if __name__ == "__main__":
    sys.exit(main())
