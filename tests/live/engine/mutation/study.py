"""Changes limits and risk in every way that cosmic-ray knows, one place at a time, and shows which change no test sees.

    python -m tests.live.engine.mutation.study --jobs 2

The session is a database of cosmic-ray under `backtests/answers`, named after the sources and tests that it is of: the
same command resumes it, and after a change of either a new one is begun. Ends with 1 if a mutant survives that
`explained.toml` does not explain, or if the table explains one that does not survive.
"""

import argparse
import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult

from tests.live.engine.mutation.explained import Survivor, explanations, survivor, unexplained, unneeded
from tests.live.engine.mutation.trial import Outcome, Trial, begin

MODULES = (
    *(Path("live/engine/limits.py"), Path("live/engine/stops.py")),
    *sorted(Path("live/engine/risk").glob("*.py")),
)
TESTS = (
    *("limits", "judging", "reducing", "use_of_limits", "losses", "sizing", "limits_page"),
    *("forms", "costs", "exposure", "margins", "stops"),
)
NEAREST = {"entries": "judging", "profit": "losses", "uses": "use_of_limits"}
"""Tests of a module that are not named after it."""
ANSWERS = Path("backtests/answers")
PROGRESS = 200
_STORED = {Outcome.SURVIVED: TestOutcome.SURVIVED, Outcome.KILLED: TestOutcome.KILLED}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is left of the session and judge the survivors."""
    options = _options(arguments)
    modules = options.module or MODULES
    if not _passes_unchanged(modules[0]):
        print("The tests fail without any mutant. Mend them first.", file=sys.stderr)
        return 1
    with use_db(_session(modules)) as session:
        if not session.num_work_items:
            init(modules, session, {})
        _run(session, options.jobs)
        return _judge(session, tuple(str(module) for module in modules))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--module", type=Path, action="append", choices=MODULES, help="only this one; repeatable")
    return parser.parse_args(arguments)


def _session(modules: Iterable[Path]) -> Path:
    """The database of the present state of modules and tests."""
    digest = hashlib.sha256()
    for path in (*modules, *sorted(Path("live/engine").rglob("*.py")), *sorted(Path("tests/live/engine").glob("*.py"))):
        digest.update(f"{path}\n{path.read_text(encoding='utf-8')}".encode())
    ANSWERS.mkdir(parents=True, exist_ok=True)
    return ANSWERS / f"mutation-{digest.hexdigest()[:12]}.sqlite"


def _groups(module: Path) -> tuple[list[str], list[str]]:
    """Test files, first those that a mutant of the module fails soonest."""
    nearest = NEAREST.get(module.stem, module.stem)
    files = {name: f"tests/live/engine/test_{name}.py" for name in TESTS}
    return [files[nearest]], [file for name, file in files.items() if name != nearest]


def _passes_unchanged(module: Path) -> bool:
    trial = begin(module, module.read_text(encoding="utf-8"), _groups(module))
    return trial.outcome(os.waitpid(trial.process_id, 0)[1]) is Outcome.SURVIVED


def _run(session: WorkDB, jobs: int) -> None:
    """Test every mutant without a result."""
    pending, started = list(session.pending_work_items), time.monotonic()
    print(f"{session.num_work_items:,} mutants; {len(pending):,} are left to test.", flush=True)
    for number, (item, result) in enumerate(_results(pending, jobs), 1):
        session.set_result(item.job_id, result)
        if number % PROGRESS == 0 or number == len(pending):
            print(f"{number:,} tested, {(time.monotonic() - started) / number:.2f} s each", flush=True)


def _results(items: Iterable[WorkItem], jobs: int) -> Iterator[tuple[WorkItem, WorkResult]]:
    """Results in the order in which the children end."""
    running: dict[int, tuple[WorkItem, Trial, str]] = {}
    for item in items:
        before, after = _sources(item)
        module = item.mutations[0].module_path
        trial = begin(module, after, _groups(module))
        running[trial.process_id] = item, trial, _line(item, before, after)
        if len(running) >= jobs:
            yield _ended(running)
    while running:
        yield _ended(running)


def _sources(item: WorkItem) -> tuple[str, str]:
    """A module as it is, and as its mutant."""
    change = item.mutations[0]
    before = change.module_path.read_text(encoding="utf-8")
    after = mutate_code(before, get_operator(change.operator_name)(**change.operator_args), change.occurrence)
    if after is None:
        raise RuntimeError(f"{change.operator_name} changes nothing in {change.module_path}. Delete the session.")
    return before, after


def _line(item: WorkItem, before: str, after: str) -> str:
    found = survivor(str(item.mutations[0].module_path), before, after)
    return f"{found.old}\n{found.new}"


def _ended(running: dict[int, tuple[WorkItem, Trial, str]]) -> tuple[WorkItem, WorkResult]:
    """Wait for the next child that ends."""
    process_id, status = os.wait()
    item, trial, line = running.pop(process_id)
    with trial.output:
        outcome, output = trial.outcome(status), trial.last_line()
    stored = _STORED.get(outcome, TestOutcome.INCOMPETENT)
    return item, WorkResult(WorkerOutcome.NORMAL, f"{outcome.name} {output}", stored, line)


def _judge(session: WorkDB, modules: tuple[str, ...]) -> int:
    """Print the figures, and each survivor that needs a test or an explanation."""
    done = session.completed_work_items
    counts = Counter(result.output.split()[0] for _, result in done)
    survivors = [
        Survivor(str(item.mutations[0].module_path), *result.diff.split("\n"))
        for item, result in done
        if result.test_outcome is TestOutcome.SURVIVED
    ]
    table = [row for row in explanations() if row.module in modules]
    open_, stale = unexplained(survivors, table), unneeded(survivors, table)
    for text, rows in (("No test sees this change", open_), ("Explained, but a test sees it", stale)):
        for row in rows:
            print(f"\n{text}: {row.module}\n  - {row.old}\n  + {row.new}")
    print(
        f"\n{len(done):,} mutants: {counts[Outcome.KILLED.name]:,} killed by a test, "
        f"{counts[Outcome.NO_IMPORT.name]:,} cannot be imported, {counts[Outcome.EXCEEDED.name]:,} use too much time "
        f"or memory, {len(survivors):,} survive, {len(open_):,} of them unexplained."
    )
    return int(bool(open_ or stale))


if __name__ == "__main__":
    sys.exit(main())
