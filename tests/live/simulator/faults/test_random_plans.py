"""Several faults at once, with random triggers and ends: nothing fails, and the books are sound afterwards."""

import random
from typing import Any

import pytest

from live.simulator.faults import VARIANTS
from live.simulator.faults.conditions import INTERVALS, Condition
from live.simulator.faults.kinds.base import FaultModel, Nature
from live.simulator.latency import ASSUMED
from tests.live.simulator.faults.test_every_kind import session
from tests.live.simulator.faults.tried import tried

PLANS = 15


def random_entry(rng: random.Random, example: FaultModel) -> dict[str, Any]:
    """The example with another trigger and another end that its kind allows."""
    condition = rng.choice(list(Condition))
    triggers: list[dict[str, Any]] = [
        {"nth": rng.randrange(1, 6)},
        {"at_ms": rng.randrange(4_000)},
        {"condition": condition, "nth": rng.randrange(1, 3), "repeats": rng.random() < 0.5},
        {"probability": rng.choice([0.05, 0.5, 1])},
    ]
    when = rng.choice(triggers)
    ends: list[dict[str, Any]] = [
        {"duration_ms": rng.randrange(1, 3_000)},
        {"until": rng.choice(list(Condition))},
        {"never": True},
    ]
    if example.NATURE is not Nature.LASTING:
        ends.append({"count": rng.randrange(1, 9)})
    if "condition" in when and condition in INTERVALS:
        ends.append({"condition_ends": True})
    return example.model_dump(mode="json") | {"when": when, "end": rng.choice(ends)}


@pytest.mark.parametrize("seed", range(PLANS))
def test_a_random_plan_of_several_faults_keeps_the_books(seed: int) -> None:
    rng = random.Random(seed)
    plan = [random_entry(rng, rng.choice(list(VARIANTS.values()))) for _ in range(rng.randrange(2, 7))]
    client = tried(*plan, seed=seed, updates=90, inbound=ASSUMED, outbound=ASSUMED)
    session(client)
    client.check_books()
