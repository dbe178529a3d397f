"""Draws the faults of a schedule: any built-in kind and variant, with any trigger and end that suit it."""

import random
from typing import Any

from pydantic import ValidationError

from live.client.order_connection import OrdersBy
from live.schedules.numbers import MAX_FAULTS
from live.simulator.faults import KINDS, VARIANTS, FaultModel, FaultPlan, RequestFault
from live.simulator.faults.conditions import INTERVALS, Condition
from live.simulator.faults.kinds.base import Nature
from live.simulator.faults.kinds.requests import LateVisible

SYMBOL = "BTCUSDT"
_TRADING_MS = 25_000
"""About as long as the market of a schedule leans."""
_LONGEST_MS = 30_000
_UNVARIED_SHARE = 0.25
_HIDDEN_MS = (2_000, 10_000, 10_000, 60_000, 60_000, 300_000, 300_000, 1_800_000)
"""Orders that are hidden for half an hour take as long as ten other schedules."""
_KINDS = tuple(KINDS)
_EXAMPLES = {kind: [example for example in VARIANTS.values() if example.kind == kind] for kind in _KINDS}
_CONDITIONS = tuple(sorted(condition for condition in Condition if condition is not Condition.LIQUIDATION))


def random_plan(seed: int) -> tuple[FaultModel, ...]:
    """The faults of a seed: each kind in turn, so that all come equally often, and up to three of any kind."""
    source = random.Random(f"schedule plan {seed}")
    kinds = [_KINDS[seed % len(_KINDS)], *source.sample(_KINDS, source.randrange(MAX_FAULTS))]
    return tuple(_varied(source, source.choice(_EXAMPLES[kind])) for kind in kinds)


def plan_of(seed: int, left_out: int = 0, orders_by: OrdersBy = OrdersBy.REST) -> FaultPlan:
    """The plan of a seed, without the faults whose bit is set. orders_by: the way whose orders are disturbed."""
    faults = [fault for n, fault in enumerate(random_plan(seed)) if not left_out >> n & 1]
    if orders_by is OrdersBy.WEBSOCKET:
        faults = [_by_websocket(fault) for fault in faults]
    return FaultPlan(faults=tuple(faults))


def _by_websocket(fault: FaultModel) -> FaultModel:
    """A fault of placing orders by REST as one of placing them by the WebSocket API; every other one as it is."""
    if isinstance(fault, RequestFault) and fault.method == "POST":
        return fault.model_copy(update={"method": "WS", "path": "*rder.place"})
    return fault


def _varied(source: random.Random, example: FaultModel) -> FaultModel:
    """The example with another trigger and end; as it is where they do not go together."""
    if source.random() < _UNVARIED_SHARE:
        return example
    changes: dict[str, Any] = {"when": _trigger(source, example), "end": _end(source, example)}
    if isinstance(example, LateVisible):
        changes["hidden_ms"] = source.choice(_HIDDEN_MS)
    try:
        return type(example).model_validate(example.model_dump() | changes)
    except ValidationError:
        return example


def _trigger(source: random.Random, example: FaultModel) -> dict[str, Any]:
    kind = source.choice(("nth", "at_ms", "condition", "condition", "probability"))
    if kind == "nth":
        return {"nth": source.choice((1, 1, 2, 3, 5, 20))}
    if kind == "at_ms":
        return {"at_ms": source.randrange(_TRADING_MS)}
    if kind == "probability" and example.NATURE is not Nature.LASTING:
        return {"probability": source.choice((0.05, 0.2, 0.5, 1.0))}
    return {
        "condition": source.choice(_CONDITIONS),
        "nth": source.choice((1, 1, 2, 3)),
        "repeats": source.random() < 0.3,
    }


def _end(source: random.Random, example: FaultModel) -> dict[str, Any]:
    if example.NATURE is not Nature.LASTING and source.random() < 0.6:
        return {"count": source.choice((1, 1, 2, 3, 8))}
    if source.random() < 0.3:
        return {"until": source.choice([c for c in _CONDITIONS if c not in INTERVALS])}
    return {"duration_ms": source.randrange(50, _LONGEST_MS)}
