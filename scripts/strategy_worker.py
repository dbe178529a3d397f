"""A strategy in a process of its own (`skills_lib/workers`): given bars, it answers with signals."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from skills_lib.domain.constraints import Value
    from skills_lib.workers.worker import Program

_ENTRY = "scripts.strategy_worker:opened"
_PARAMETERS = b""
MEMORY_BYTES = 2 << 30


class StrategyRequest(msgspec.Struct, frozen=True):
    """A strategy of the workspace, and what was given of its parameters."""

    name: str
    given: dict[str, object]


def program_of(name: str, given: "dict[str, str]", time_limit_s: float) -> "Program":
    """The program of a strategy; nothing of it is imported here. time_limit_s: for its signals on one list of bars."""
    from skills_lib.workers.worker import Program

    request = msgspec.msgpack.encode(StrategyRequest(name, dict(given)))
    return Program(_ENTRY, request, time_limit_s, MEMORY_BYTES)


def checked_parameters(name: str, program: "Program", within_s: float) -> "dict[str, Value]":
    """The strategy's parameters, from a worker that is ended then.

    Raises:
        InputError: the strategy cannot be imported within so many seconds, gives no signals, or a wrong parameter.
    """
    from skills_lib.domain.errors import InputError
    from skills_lib.workers.worker import Worker, WorkerEndedError

    worker = Worker(program)
    try:
        worker.answer(within_s)
        worker.put(_PARAMETERS)
        parameters: dict[str, Value] = msgspec.msgpack.decode(worker.answer(within_s))
    except WorkerEndedError as error:
        raise InputError(f"The strategy {name} cannot be run. {error}") from None
    finally:
        worker.kill()
    return parameters


def opened(request: bytes) -> Callable[[bytes], bytes]:
    """In the worker: the strategy of a request, imported.

    Raises:
        InputError: it cannot be imported, gives no signals, or a wrong parameter.
    """
    from scripts.subject import loaded, parameters_of, source_of
    from skills_lib.backtest.strategy import SignalStrategy, compute_signals
    from skills_lib.domain.errors import InputError
    from skills_lib.workers.signals import bars_in, signals_as_bytes

    asked = msgspec.msgpack.decode(request, type=StrategyRequest)
    source = source_of(asked.name)
    parameters = parameters_of(source).resolve(dict(asked.given))
    strategy = loaded(source).strategy
    if not issubclass(strategy, SignalStrategy):
        raise InputError(f"{asked.name} has its own next() and gives no signals. Name a strategy that has signals().")

    def answer(message: bytes) -> bytes:
        if message == _PARAMETERS:
            return msgspec.msgpack.encode(parameters)
        return signals_as_bytes(compute_signals(strategy, bars_in(message), dict(parameters)))

    return answer
