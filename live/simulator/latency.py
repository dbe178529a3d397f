"""Simulated network latency: delays sampled from a distribution with a seeded generator, in nanoseconds."""

import json
import random
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from skills_lib.domain.errors import InputError

MS = 1_000_000
_PARTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of delays as quantiles: parts per million and nanoseconds, both ascending."""

    points: tuple[tuple[int, int], ...]

    def at(self, part: int) -> int:
        """The delay at the quantile of `part` parts per million, interpolated linearly."""
        for (low, low_ns), (high, high_ns) in pairwise(self.points):
            if part <= high:
                return low_ns + (high_ns - low_ns) * (part - low) // (high - low)
        return self.points[-1][1]


NONE = Distribution(((0, 0), (_PARTS, 0)))

ASSUMED = Distribution(
    ((0, 2 * MS), (500_000, 6 * MS), (900_000, 15 * MS), (990_000, 60 * MS), (999_000, 250 * MS), (_PARTS, 1_000 * MS))
)
"""One-way delay of a machine near the exchange, with a tail. Assumed; pass your own measurements with --latency."""


def read_delays(path: Path) -> Distribution:
    """Read a JSON list of measured one-way delays in nanoseconds.

    Raises:
        InputError: the file is not such a list.
    """
    try:
        delays = sorted(int(delay) for delay in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} is not a list of delays ({error}). Write a JSON list of nanoseconds.") from None
    if len(delays) < 2 or delays[0] < 0:
        raise InputError(f"{path} holds {len(delays)} valid delays. Write at least two, none below 0.")
    last = len(delays) - 1
    return Distribution(tuple((_PARTS * place // last, delay) for place, delay in enumerate(delays)))


@dataclass(slots=True)
class Latency:
    """Samples delays from three independent sequences derived from one seed.

    Frames have a sequence of their own: what a client subscribes to does not change when its orders arrive.
    """

    seed: int
    inbound: Distribution = ASSUMED
    outbound: Distribution = ASSUMED
    frames: Distribution = ASSUMED
    _inbound_rng: random.Random = field(init=False)
    _outbound_rng: random.Random = field(init=False)
    _frames_rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._inbound_rng, self._outbound_rng = random.Random(f"in {self.seed}"), random.Random(f"back {self.seed}")
        self._frames_rng = random.Random(f"frames {self.seed}")

    def sample_inbound_ns(self) -> int:
        """Sample the delay from client to exchange, in nanoseconds."""
        return _sample(self.inbound, self._inbound_rng)

    def sample_outbound_ns(self) -> int:
        """Sample the delay of a response from exchange to client, in nanoseconds."""
        return _sample(self.outbound, self._outbound_rng)

    def sample_frame_ns(self) -> int:
        """Sample the delay of a frame of a stream, in nanoseconds."""
        return _sample(self.frames, self._frames_rng)


def _sample(delays: Distribution, rng: random.Random) -> int:
    """A delay; a distribution without any draws no number."""
    return delays.at(rng.randrange(_PARTS)) if delays.points[-1][1] else 0
