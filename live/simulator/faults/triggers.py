"""When a fault begins and when it ends."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from live.simulator.faults.conditions import Condition

MODEL = ConfigDict(frozen=True, extra="forbid")


class Nth(BaseModel):
    """By count: begins with the nth frame, request or order that the fault selects, counted from 1."""

    model_config = MODEL

    nth: int = Field(1, ge=1)


class AtTime(BaseModel):
    """By time: begins this long after the first message of the tape, in milliseconds of exchange time."""

    model_config = MODEL

    at_ms: int = Field(ge=0)


class OnCondition(BaseModel):
    """By condition: begins the nth time that the condition becomes true; with `repeats` each later time as well.

    account, symbol: only theirs; empty means any.
    """

    model_config = MODEL

    condition: Condition
    nth: int = Field(1, ge=1)
    repeats: bool = False
    account: str = ""
    symbol: str = ""


class Probability(BaseModel):
    """By seeded chance: each selected frame, request or order is affected with this probability, up to the end."""

    model_config = MODEL

    probability: float = Field(gt=0, le=1)


class Times(BaseModel):
    """Ends after this many affected frames, requests or orders, or after the fault has acted so often."""

    model_config = MODEL

    count: int = Field(1, ge=1)


class Duration(BaseModel):
    """Ends this long after it began, in milliseconds of exchange time."""

    model_config = MODEL

    duration_ms: int = Field(ge=1)


class Until(BaseModel):
    """Ends the first time after its beginning that the condition becomes true. account, symbol: as in OnCondition."""

    model_config = MODEL

    until: Condition
    account: str = ""
    symbol: str = ""


class WithCondition(BaseModel):
    """Ends when the condition that began it no longer holds."""

    model_config = MODEL

    condition_ends: Literal[True]


class Never(BaseModel):
    """Never ends."""

    model_config = MODEL

    never: Literal[True]


TRIGGERS: dict[str, type[BaseModel]] = {
    "nth": Nth,
    "at_ms": AtTime,
    "condition": OnCondition,
    "probability": Probability,
}
ENDS: dict[str, type[BaseModel]] = {
    "count": Times,
    "duration_ms": Duration,
    "until": Until,
    "condition_ends": WithCondition,
    "never": Never,
}


def _trigger(value: Any) -> str | None:
    """The key that tells which trigger this is: `condition` and `nth` together are a condition."""
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, BaseModel) else ()
    return next((name for name in ("condition", "at_ms", "probability", "nth") if name in keys), None)


def _end(value: Any) -> str | None:
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, BaseModel) else ()
    return next((name for name in ENDS if name in keys), None)


When = Annotated[
    Annotated[Nth, Tag("nth")]
    | Annotated[AtTime, Tag("at_ms")]
    | Annotated[OnCondition, Tag("condition")]
    | Annotated[Probability, Tag("probability")],
    Discriminator(_trigger),
]
End = Annotated[
    Annotated[Times, Tag("count")]
    | Annotated[Duration, Tag("duration_ms")]
    | Annotated[Until, Tag("until")]
    | Annotated[WithCondition, Tag("condition_ends")]
    | Annotated[Never, Tag("never")],
    Discriminator(_end),
]

FIRST = Nth(nth=1)
ONCE = Times(count=1)
FOREVER = Never(never=True)
