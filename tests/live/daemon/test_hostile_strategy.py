"""A daemon whose strategy never comes back: it answers, and a kill closes the account and ends the strategy."""

from pathlib import Path

import pytest

from live.control.protocol import ControlCommand
from tests.live.daemon.processes import Site, run_at, until
from tests.live.daemon.test_live_run import buy_by_hand

LOOPS = """
import os
from pathlib import Path

from skills_lib.backtest.strategy import SignalStrategy

home = Path(os.environ["TWOKEY_HOME"])
if (home / "checked").exists():
    os.fork()
    print("x" * 10_000)
    os.write(1, b"x" * 10_000)
    (home / f"computing-{os.getpid()}").touch()
    while True:
        pass
(home / "checked").touch()


class Loops(SignalStrategy):
    def signals(self, bars):
        raise AssertionError
"""
EXITS = "raise SystemExit(7)"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with strategies of its own, and a folder for what processes share."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    (tmp_path / "strategies").mkdir()
    for name, text in (("loops", LOOPS), ("exits", EXITS)):
        (tmp_path / "strategies" / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def test_while_a_strategy_computes_for_ever_the_daemon_answers_and_is_killed(home: Path) -> None:
    async def scenario(site: Site) -> None:
        daemon = await site.start("--strategy", "loops", "--timeframe", "1m")

        async def computing() -> list[int]:
            return [int(path.name.partition("-")[2]) for path in home.glob("computing-*")]

        async def usable() -> bool:
            status = (await site.ask(ControlCommand.STATUS)).status
            return status is not None and status.market_data.usable

        workers = await until(computing)
        assert await until(usable)
        buy_by_hand(site.venue)
        code, answer = await site.answer("kill", "--reason", "it computes for ever")
        assert (code, answer["flat"], answer["verified_reads"]) == (0, True, 2)
        assert site.is_flat
        assert (await daemon.end())[0] == 1
        assert await until(lambda: none_runs(workers))
        log = (home / "live" / "logs" / "simulator.log").read_text(encoding="utf-8")
        assert "the strategy printed" in log

    run_at(home, scenario)


def test_a_strategy_that_ends_whoever_imports_it_is_refused_before_a_start(home: Path) -> None:
    async def scenario(site: Site) -> None:
        daemon = await site.start("--strategy", "exits", "--timeframe", "1m")
        code, text = await daemon.end()
        assert (code, "The strategy exits cannot be run. exits.py cannot be imported: SystemExit" in text) == (2, True)

    run_at(home, scenario)


async def none_runs(numbers: list[int]) -> bool:
    """True once all of these processes have ended."""
    return not any(map(_runs, numbers))


def _runs(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
