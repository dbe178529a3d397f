"""The worker's side: `python -m skills_lib.workers.child`, started by `skills_lib/workers/worker.py` alone.

Standard input is the socket to the process that started it. It is moved out of the way before foreign code runs: what
that code reads on file descriptor 0 is empty, and what it writes on 1 goes where 2 goes.
"""

import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final

import msgspec

from skills_lib.domain.errors import InputError
from skills_lib.workers.messages import FrameReader, Opening, WorkerAnswer, frame

Handler = Callable[[bytes], bytes]

GRACE_S: Final = 1.0
"""The worker ends itself so long after the limit: whoever started it is gone, or would have ended it."""
_NICENESS: Final = 5
_CHUNK: Final = 1 << 16
_encode = msgspec.msgpack.encode


def main() -> None:
    """Answer messages until no more come."""
    channel = _moved_channel()
    bodies = _bodies(channel)
    opening = msgspec.msgpack.decode(next(bodies), type=Opening)
    _be_modest(opening.memory_bytes)
    handlers: list[Handler] = []

    def opened() -> bytes:
        handlers.append(_entry(opening.entry)(opening.request))
        return b""

    _send(channel, _answer(opened, 0))
    for body in bodies if handlers else ():
        _send(channel, _answer(lambda message=body: handlers[0](message), opening.time_limit_s))  # type: ignore[misc]
    os._exit(0)  # threads of foreign code are not waited for


def _moved_channel() -> socket.socket:
    channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return channel


def _bodies(channel: socket.socket) -> Iterator[bytes]:
    reader = FrameReader()
    while data := channel.recv(_CHUNK):
        yield from reader.feed(data)


def _send(channel: socket.socket, answer: WorkerAnswer) -> None:
    channel.sendall(frame(_encode(answer)))


def _entry(name: str) -> Callable[[bytes], Handler]:
    module, _, function = name.partition(":")
    found: Callable[[bytes], Handler] = getattr(import_module(module), function)
    return found


def _answer(call: Callable[[], bytes], time_limit_s: float) -> WorkerAnswer:
    """Whatever the code raises, sys.exit and an interrupt among it, is an answer."""
    if time_limit_s:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the system ends the process, whatever it is doing
        signal.setitimer(signal.ITIMER_REAL, time_limit_s + GRACE_S)
    try:
        return WorkerAnswer(result=call())
    except InputError as error:
        return WorkerAnswer(error=str(error))
    except MemoryError:
        return WorkerAnswer(error="It needs more memory than it may have.")
    except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
        with suppress(Exception):
            traceback.print_exc()
        return WorkerAnswer(error=f"It raised {type(error).__name__}.")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _be_modest(memory_bytes: int) -> None:
    """Where memory or time is short, this process goes without, not the one that started it."""
    os.nice(_NICENESS)
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if memory_bytes:
        import resource

        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


if __name__ == "__main__":
    main()
