"""Calls behind the strategy server: reads and writes files, and has what was written checked."""

import json
import subprocess
import sys
import time

from mcp_servers.strategy.answers import CheckLine, CreatedStrategy, StrategySource
from mcp_servers.strategy.files import read_source, write_source
from skills_lib.domain.errors import InputError
from skills_lib.progress import Progress, no_progress

CHECK_SECONDS = 120.0
MAX_SHOWN = 30_000
_POLL_SECONDS = 0.5


def read(name: str) -> StrategySource:
    """The source of a strategy.

    Raises:
        InputError: unknown strategy, or one that is not read.
    """
    path, source = read_source(name)
    return StrategySource(
        strategy=name,
        source=source[:MAX_SHOWN],
        truncated=len(source) > MAX_SHOWN,
        path=str(path),
        next_step="strategy_create writes a strategy of your own; backtest_run tests one.",
    )


def create(name: str, source: str, replace: bool, progress: Progress = no_progress) -> CreatedStrategy:
    """Write a strategy and check it; a file whose checks do not end is not kept.

    Raises:
        InputError: a name or source that is refused, or checks that did not end.
        OSError: writing failed; nothing has changed.
    """
    written = write_source(name, source, replace)
    try:
        checks = _checked(name, progress)
    except BaseException:
        written.undo()
        raise
    failed = [check.name for check in checks if check.passed is False]
    return CreatedStrategy(
        strategy=name,
        path=str(written.path),
        replaced=None if written.kept is None else str(written.kept),
        passed=not failed,
        checks=checks,
        next_step=f"Mend {', '.join(failed)}, then call strategy_create again with replace=true."
        if failed
        else f'Call backtest_run with strategy="{name}". Passing is no evidence of an edge.',
    )


def _checked(name: str, progress: Progress) -> list[CheckLine]:
    safe_path = ["-P"] if sys.flags.safe_path else []
    command = [sys.executable, *safe_path, "-m", "mcp_servers.strategy.check_process", name]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            printed = _output(process, progress)
        finally:
            process.kill()
    try:
        return [CheckLine.model_validate(line) for line in json.loads(printed)]
    except ValueError:
        raise InputError(f"{name} ended the process that checked it. Nothing was written: mend it.") from None


def _output(process: "subprocess.Popen[bytes]", progress: Progress) -> bytes:
    deadline = time.monotonic() + CHECK_SECONDS
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)[0]
        except subprocess.TimeoutExpired:
            progress(0, 0, "checking the strategy")
        if time.monotonic() > deadline:
            raise InputError(
                f"The checks did not end within {CHECK_SECONDS:.0f} s. Nothing was written: make it faster."
            )
