"""Every verb of the command with arguments that it answers, on small or stored inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars
from skills_lib.trades.store.address import parse_address
from tests.command import Verb, verbs
from tests.live.journal.examples import write_example
from tests.live.journal.runs import write_run
from tests.market.candles.local_venue import span
from tests.market.depth.generated_tape import generated_tape
from tests.trades.store.examples import write_store

SPAN = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-09-01")
SPACE = ("--param", "fast=5,10,20", "--param", "slow=40,80", "--min-trades", "5")
SEARCH = ("sma_crossover", "BTC", "1h", *SPAN, *SPACE)
YEAR = ("--since", "2024-01-01", "--until", "2024-06-01")


VERBS: dict[Verb, Any] = verbs()


@dataclass(frozen=True)
class Inputs:
    """What the arguments name. `runs`: ids of stored backtests."""

    folder: Path
    runs: list[str]

    @property
    def candles(self) -> Path:
        return self.folder / "Binance_ETHUSDT_1h.csv"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def run(self) -> Path:
        return self.folder / "run.jsonl"

    def store(self, name: str) -> str:
        """The address of a trade log."""
        return f"sqlite:///{self.folder / name}.sqlite"

    @property
    def tape(self) -> Path:
        return self.folder / "tapes" / "btcusdt.ts_jsonl.gz"


def make_inputs(folder: Path) -> None:
    """Write a file of candles and a tape into `folder`."""
    inputs = Inputs(folder, [])
    frame = sample_bars("ETHUSDT", Timeframe.H1, span("2024-01-01", "2024-02-01")).to_frame()
    frame.drop(frame.index[100:102]).to_csv(inputs.candles)
    (folder / "home" / ".mcp.json").write_text('{"mcpServers": {}}', encoding="utf-8")  # none to start in doctor
    inputs.tape.parent.mkdir()
    generated_tape(inputs.tape)
    write_example(inputs.journal)
    write_run(inputs.run)
    for name in ("first", "second"):
        write_store(parse_address(inputs.store(name)), rows=3)


Arguments = Callable[[Inputs], tuple[str, ...]]
ARGUMENTS: dict[Verb, Arguments] = {
    ("test-strategy",): lambda _: ("BTC", "1h", "sma_crossover", *SPAN),
    ("runs",): lambda _: (),
    ("compare",): lambda inputs: tuple(inputs.runs),
    ("optimize",): lambda _: SEARCH,
    ("walk-forward",): lambda _: (*SEARCH, "--train", "60d", "--test", "20d", "--step", "20d"),
    ("validate",): lambda _: (*SEARCH, "--symbols", "BTC,ETH", "--timeframes", "4h", "--seed", "7"),
    ("monte-carlo",): lambda inputs: (inputs.runs[0], "--samples", "50"),
    ("calibrate",): lambda _: ("--markets", "1", "--sharpe", "3"),
    ("ledger",): lambda _: (),
    ("scan",): lambda inputs: ("--tape", str(inputs.tape.parent)),
    ("replay",): lambda inputs: (str(inputs.tape), "--sweep", "depth=3,5"),
    ("strategies",): lambda _: (),
    ("check-strategy",): lambda _: ("sma_crossover",),
    ("new-strategy",): lambda _: ("an_idea_that_is_new", "--kind", "breakout"),
    ("data", "import"): lambda inputs: (str(inputs.candles),),
    ("data", "fetch"): lambda _: ("BTC", "1h", *YEAR),
    ("data", "list"): lambda _: (),
    ("data", "check"): lambda inputs: ("--data", str(inputs.candles)),
    ("tape", "draw"): lambda _: ("--hours", "0.002", "--seed", "3"),
    ("tape", "check"): lambda inputs: (str(inputs.tape),),
    ("tape", "info"): lambda inputs: (str(inputs.tape),),
    ("tape", "import"): lambda inputs: (str(inputs.tape), "--symbol", "BTCUSDT", "--venue", "usdm"),
    ("tape", "export"): lambda inputs: (str(inputs.tape), "--out", str(inputs.folder / "out.parquet")),
    ("journal", "verify"): lambda inputs: (str(inputs.journal),),
    ("live", "faults"): lambda _: ("--schedules", "2", "--jobs", "1"),
    ("journal", "replay"): lambda inputs: (str(inputs.run),),
    ("why",): lambda inputs: ("r1-1", "--journal", str(inputs.journal)),
    ("explain",): lambda inputs: (str(inputs.journal), "--tape", str(inputs.tape)),
    ("store", "init"): lambda inputs: ("--url", inputs.store("new")),
    ("store", "migrate"): lambda inputs: ("--url", inputs.store("first")),
    ("store", "status"): lambda inputs: ("--url", inputs.store("first")),
    ("store", "copy"): lambda inputs: ("--from", inputs.store("first"), "--to", inputs.store("second")),
    ("trades", "project"): lambda inputs: ("--url", inputs.store("first")),
    ("trades", "list"): lambda inputs: ("--url", inputs.store("first")),
    ("trades", "report"): lambda inputs: ("--day", "2026-11-20", "--url", inputs.store("first")),
    ("trades", "export"): lambda inputs: (str(inputs.folder / "lots.csv"), "--force", "--url", inputs.store("first")),
    ("init",): lambda inputs: (str(inputs.folder / "new workspace"),),
    ("doctor",): lambda _: (),
}
"""Arguments of each verb, of which none uses a network beyond the loopback interface."""
ONCE = {("new-strategy",), ("tape", "import"), ("tape", "draw")}
"""Verbs that refuse to do the same twice; what they made is removed between two calls."""
APART: set[Verb] = {
    ("record",),
    ("simulate",),
    ("torture",),
    ("compile",),
    ("tear-sheet",),
    ("demo",),
    ("journal", "show"),
    ("store", "ingest"),
    ("trades", "sync"),
    ("jobs", "run"),
    ("flows", "sync"),
    ("live", "emergency-stop"),
    ("live", "run"),
    ("live", "status"),
    ("live", "pause"),
    ("live", "resume"),
    ("live", "stop"),
    ("live", "kill"),
    ("live", "reset"),
    ("live", "resolve"),
    ("live", "adopt"),
    ("live", "drill"),
    ("live", "watchdog"),
}
"""Verbs that tests of their own call: they run until they are stopped, or for many seconds to print a few lines, or
print an object for each record."""
NOT_STORED: set[Verb] = {("init",), ("doctor",)}
"""Verbs that answer where there is no workspace to store anything in."""
