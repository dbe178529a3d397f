"""Strategies that try to harm the daemon: each costs a bar's decision, some their process, none the loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
import structlog

from live.bars.decider import Computed, StrategyStoppedError, decide
from live.daemon.strategy_process import RESTARTS, StrategyProcess
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals
from skills_lib.testing.bars import random_walk
from tests.workers.programs import program, rises

BARS = random_walk(50, 1)
WITHIN_S = 60.0
LOG = structlog.wrap_logger(logging.getLogger("tests.strategy"))


async def computed(process: StrategyProcess) -> Computed:
    """What the strategy makes of bars."""
    found: asyncio.Future[Computed] = asyncio.get_running_loop().create_future()
    process(BARS, found.set_result)
    return await asyncio.wait_for(found, WITHIN_S)


def with_process(*names: str, scenario: Callable[[StrategyProcess], Awaitable[None]], limit_s: float = 20.0) -> None:
    """Run a scenario, and end the process."""
    errors: list[Exception] = []

    async def played() -> None:
        process = StrategyProcess(program(*names, time_limit_s=limit_s), LOG, errors.append)
        try:
            await scenario(process)
        finally:
            process.close()

    asyncio.run(played())
    assert errors == []


def test_code_that_fails_costs_the_decision_and_not_the_process() -> None:
    expected = {
        "exits": "It raised SystemExit.",
        "raises": "It raised ZeroDivisionError.",
        "interrupts": "It raised KeyboardInterrupt.",
        "generator_exits": "It raised GeneratorExit.",
        "allocates": "It needs more memory than it may have.",
        "nan_size": "Signals.size must be a share of equity above 0 and at most 1; it is nan at bar 0.",
        "gives_nothing": "The strategy gave NoneType instead of Signals.",
    }

    async def scenario(process: StrategyProcess) -> None:
        found = {name: str(await computed(process)) for name in expected}
        number = process.number
        assert (found, process.number) == (expected, number)

    with_process(*expected, scenario=scenario)


def test_code_that_does_other_things_beside_its_signals_is_answered() -> None:
    names = ("prints", "reads_input", "forks", "leaves_a_thread", "rises")

    async def scenario(process: StrategyProcess) -> None:
        numbers = set()
        for name in names:
            found = await computed(process)
            assert isinstance(found, Signals), (name, found)
            assert found.long_entry.tolist() == rises(BARS).long_entry.tolist()
            numbers.add(process.number)
        assert len(numbers) == 1

    with_process(*names, scenario=scenario)


def test_fewer_signals_than_bars_are_handed_on_as_they_are_and_refused_by_whoever_decides() -> None:
    async def scenario(process: StrategyProcess) -> None:
        found = await computed(process)
        assert isinstance(found, Signals)
        with pytest.raises(InputError, match="returned 1 signals for 50 bars"):
            decide(found, BARS)

    with_process("wrong_length", scenario=scenario)


@pytest.mark.parametrize(("name", "text"), [
    ("loops", "It took more than 0.2 s."),
    ("never_ends", "It took more than 0.2 s."),
    ("closes_files", "It "),
    ("sends_garbage", "It "),
])  # fmt: skip
def test_code_that_costs_its_process_costs_one_decision_and_another_process_is_there(name: str, text: str) -> None:
    async def scenario(process: StrategyProcess) -> None:
        number = process.number
        found = await computed(process)
        assert isinstance(found, InputError)
        assert not isinstance(found, StrategyStoppedError)
        assert str(found).startswith(f"The strategy's process was ended. {text}"), found
        assert process.number not in (0, number)

    with_process(name, scenario=scenario, limit_s=0.2)


def test_a_process_that_ends_again_and_again_stops_entries() -> None:
    async def scenario(process: StrategyProcess) -> None:
        for _ in range(RESTARTS):
            assert not isinstance(await computed(process), StrategyStoppedError)
        for _ in range(2):
            stopped = await computed(process)
            assert isinstance(stopped, StrategyStoppedError)
            text = "the strategy's process ended 4 times, at last: It ended by itself with exit code 7."
            assert (str(stopped), process.number) == (text, 0)

    with_process("exits_at_once", scenario=scenario)


def test_a_strategy_that_cannot_be_imported_any_more_stops_entries() -> None:
    async def scenario(process: StrategyProcess) -> None:
        assert isinstance(await computed(process), StrategyStoppedError)

    with_process("not_importable", scenario=scenario)


def test_words_of_a_strategy_reach_no_terminal_as_they_are() -> None:
    async def scenario(process: StrategyProcess) -> None:
        found = str(await computed(process))
        assert (found.isprintable(), len(found)) == (True, 300)

    with_process("long_words", scenario=scenario)


def test_the_loop_goes_on_while_a_strategy_computes() -> None:
    async def scenario(process: StrategyProcess) -> None:
        asking = asyncio.ensure_future(computed(process))
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert not asking.done()
        process.close()
        asking.cancel()

    with_process("loops", scenario=scenario)
