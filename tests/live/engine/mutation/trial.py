"""One mutant at a time: a child process runs the tests with one module replaced by a changed source.

No file is changed. The child is forked from a process that has pytest loaded and nothing of the engine, so that every
module of the engine is imported anew and sees the changed one.
"""

import contextlib
import gc
import importlib
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import IO

import pytest
from hypothesis import is_hypothesis_test

CPU_SECONDS = 3
"""Three times what all of the tests need. Processor time: that a machine is busy ends no mutant."""
MEMORY_BYTES = 2 * 1024**3
FAILED_IMPORT = 100
OPTIONS = (
    *("--exitfirst", "--quiet", "--noconftest", "--tb=no", "--assert=plain", "--capture=no"),
    *("--disable-plugin-autoload", "-pno:cacheprovider", "-pno:warnings"),
    *("-pno:unraisableexception", "-pno:threadexception"),
)
"""What costs time, and no test of the engine needs, is left out."""


class Outcome(IntEnum):
    """What became of a mutant. NO_IMPORT: its module cannot be imported. EXCEEDED: it took too much time or memory."""

    SURVIVED = 0
    KILLED = 1
    NO_IMPORT = 2
    EXCEEDED = 3


@dataclass(frozen=True)
class Trial:
    """A child that tests one mutant. output: what pytest printed."""

    process_id: int
    output: IO[bytes]

    def outcome(self, status: int) -> Outcome:
        """What the child's exit status, as `os.wait` returns it, says.

        Raises:
            RuntimeError: pytest ended in a way that says nothing of the mutant.
        """
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            return Outcome.EXCEEDED
        if code == FAILED_IMPORT:
            return Outcome.NO_IMPORT
        if code == pytest.ExitCode.OK:
            return Outcome.SURVIVED
        if code in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
            return Outcome.KILLED
        raise RuntimeError(f"pytest ended with {code}: {self.last_line()}")

    def last_line(self) -> str:
        """The last line that pytest printed: which test failed."""
        self.output.seek(0)
        lines = self.output.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""


def begin(module: Path, source: str, groups: Sequence[Sequence[str]]) -> Trial:
    """Start a child that runs groups of test files with a module of another source, up to the first failure.

    `os.wait` says when it has ended.
    """
    output = tempfile.TemporaryFile()  # noqa: SIM115 - the child writes into it after this function has returned
    process_id = os.fork()
    if not process_id:
        code = FAILED_IMPORT
        with contextlib.suppress(BaseException):
            _limit_and_redirect(output)
            put_in_place(module, source)
            code = next((code for group in groups if (code := _pytest(group))), int(pytest.ExitCode.OK))
        os._exit(code)
    return Trial(process_id, output)


def put_in_place(path: Path, source: str) -> None:
    """Import a module, and what it imports, from a source instead of its file.

    Raises:
        Exception: whatever the source raises.
    """
    name = ".".join(path.with_suffix("").parts)
    package, _, last = name.rpartition(".")
    module = sys.modules[name] = ModuleType(name)
    module.__file__, module.__package__ = str(path), package
    exec(compile(source, str(path), "exec"), module.__dict__)
    setattr(importlib.import_module(package), last, module)


def _pytest(files: Sequence[str]) -> int:
    return int(pytest.main([*OPTIONS, *files], plugins=[_ExamplesOnly()]))


class _ExamplesOnly:
    """What each limit does has to be said by figures that a person has worked out, so generated cases are left out."""

    @staticmethod
    def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not is_hypothesis_test(getattr(item, "obj", None))]


def _limit_and_redirect(output: IO[bytes]) -> None:
    """Bound time and memory: 10_000 ** 100_000_000 is a mutant too."""
    gc.disable()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
