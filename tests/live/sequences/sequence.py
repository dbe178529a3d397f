"""Draws, runs and shrinks sequences. A seed always gives the same sequence."""

import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.live.sequences import checks
from tests.live.sequences.client import Clients
from tests.live.sequences.draws import Drawer
from tests.live.sequences.steps import Play, Rest, Step
from tests.live.sequences.tapes import Tape, random_tape, real_excerpts

LENGTHS, SHORT_LENGTHS = (8, 16, 16, 30), (4, 8, 12)
MIN_TAPES, MAX_TAPES = 20, 400


@dataclass(frozen=True)
class RandomSequence:
    """A sequence of a seed. delayed: requests and frames take time, so the stream is compared at the end only."""

    seed: int
    steps: tuple[Step, ...]
    tape: Tape
    delayed: bool


@dataclass(frozen=True)
class Failure:
    """The faults of a sequence, at the step of that number."""

    seed: int
    step: int
    steps: tuple[Step, ...]
    faults: tuple[str, ...]

    def __str__(self) -> str:
        shown = "\n".join(f"    {step!r}," for step in self.steps)
        return f"seed {self.seed}, step {self.step}:\n" + "\n".join(self.faults[:10]) + f"\n[\n{shown}\n]"


def draw(seed: int, real: Path | None = None, lengths: tuple[int, ...] = LENGTHS) -> RandomSequence:
    """The sequence of a seed; every third is on the real tape, if `real` is its folder."""
    source = random.Random(f"sequence {seed}")
    steps = tuple(Drawer(seed).steps(source.choice(lengths)))
    excerpts = real_excerpts(real) if real and seed % 3 == 0 else ()
    tape = (
        source.choice(excerpts) if excerpts else random_tape(source.randrange(min(MAX_TAPES, MIN_TAPES + seed // 50)))
    )
    return RandomSequence(seed, steps, tape, delayed=source.random() < 0.15)


def run(sequence: RandomSequence) -> Failure | None:
    """Run a sequence; None if nothing is wrong with it."""
    return run_steps(sequence.seed, sequence.steps, sequence.tape, sequence.delayed)


def run_steps(seed: int, steps: Sequence[Step], tape: Tape, delayed: bool = False) -> Failure | None:
    """Run steps on a tape, with the checks after each."""
    number = 0
    done: list[Step] = []
    try:
        clients = Clients(tape, seed, delayed)
        for number, step in enumerate(steps):
            done.append(step)
            clients.run(step)
            if found := checks.after_a_step(clients):
                return Failure(seed, number, tuple(done), tuple(found))
        found = checks.at_the_end(clients, to_the_last_line=delayed or seed % 4 == 0)
    except Exception:  # noqa: BLE001 - whatever the venue raises is a finding
        found = [traceback.format_exc()]
    return Failure(seed, number, tuple(done), tuple(found)) if found else None


def shrink(failure: Failure, tape: Tape, delayed: bool = False, attempts: int = 400) -> Failure:
    """A shorter sequence that still fails: pieces of steps are left out, then parameters and lines."""
    best, size = failure, max(1, len(failure.steps) // 2)
    while size and attempts > 0:
        place, smaller = 0, False
        while place < len(best.steps) and attempts > 0:
            attempts -= 1
            left = (*best.steps[:place], *best.steps[place + size :])
            found = run_steps(failure.seed, left, tape, delayed)
            if found and is_alike(found, failure):
                best, smaller = found, True
            else:
                place += size
        size = size if smaller and size == 1 else size // 2
    return _with_fewer_parameters(best, failure, tape, delayed)


def _with_fewer_parameters(best: Failure, failure: Failure, tape: Tape, delayed: bool) -> Failure:
    for place in range(len(best.steps)):
        for other in _simpler(best.steps[place]):
            steps = (*best.steps[:place], other, *best.steps[place + 1 :])
            found = run_steps(failure.seed, steps, tape, delayed)
            if found and is_alike(found, failure) and len(found.steps) == len(best.steps):
                best = found
                break
    return best


def _simpler(step: Step) -> list[Step]:
    if isinstance(step, Play):
        return [Play(lines) for lines in range(1, step.lines)]
    if isinstance(step, Rest):
        return [
            Rest(step.account, step.method, step.path, step.fields[:at] + step.fields[at + 1 :], step.form, step.signed)
            for at in range(len(step.fields))
        ]
    return []


def is_alike(one: Failure, other: Failure) -> bool:
    """True if the first faults differ in numbers only."""
    return failure_pattern(one.faults[0]) == failure_pattern(other.faults[0])


def failure_pattern(text: str) -> str:
    last = text.strip().splitlines()[-1]
    return "".join(letter for letter in last if not letter.isdigit() and letter not in ".-")[:60]
