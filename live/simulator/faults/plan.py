"""The list of faults of a run, and its reading from TOML, JSON or a built-in name."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from live.simulator.faults.kinds import accounts, contracts, frames, requests
from live.simulator.faults.kinds.base import FaultModel
from live.simulator.faults.triggers import ENDS, MODEL, TRIGGERS
from skills_lib.domain.errors import InputError

Fault = Annotated[
    frames.Drop
    | frames.Delay
    | frames.Duplicate
    | frames.Reorder
    | frames.GapPu
    | frames.CorruptLevel
    | frames.Burst
    | frames.Freeze
    | frames.CutConnection
    | frames.ServerClose
    | requests.LoseRequest
    | requests.LoseResponse
    | requests.SlowRequest
    | requests.SlowResponse
    | requests.ErrorAnswer
    | requests.GarbageResponse
    | requests.StaleRead
    | requests.StaleSnapshot
    | requests.LateVisible
    | requests.RefuseConnect
    | requests.VenueOutage
    | requests.ForeignWeight
    | requests.JumpClock
    | accounts.ForeignAction
    | accounts.Liquidate
    | accounts.PartialLiquidation
    | accounts.Adl
    | accounts.ExpireListenKey
    | accounts.LateFill
    | accounts.AlgoTrouble
    | accounts.AlgoOutage
    | accounts.RestrictAccount
    | accounts.Commission
    | contracts.ChangeFilters
    | contracts.ContractChange
    | contracts.StatusChange,
    Field(discriminator="kind"),
]

KINDS: dict[str, type[FaultModel]] = {
    str(model.model_fields["kind"].default): model
    for model in Fault.__origin__.__args__  # type: ignore[attr-defined]
}
_MORE = "`twokey simulate --faults list` prints every kind; docs/simulator.md describes the plan."


class FaultPlan(BaseModel):
    """All faults of a run."""

    model_config = MODEL

    faults: tuple[Fault, ...] = ()

    @property
    def snapshot_age_ms(self) -> int:
        """The age of the oldest snapshot that a fault answers with; 0 if none does."""
        return max((fault.age_ms for fault in self.faults if isinstance(fault, requests.StaleSnapshot)), default=0)


def read_plan(path: Path) -> FaultPlan:
    """Read a plan from a `.toml` or `.json` file.

    Raises:
        InputError: the file cannot be read or an entry is invalid; one line naming the entry and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else _brief(error)
        raise InputError(
            f"{path} is not a fault plan ({reason}). Write TOML or JSON as described in docs/simulator.md."
        ) from None
    try:
        return FaultPlan.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{path.name}: {explain(error, values)} {_MORE}") from None


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def explain(error: ValidationError, values: Any) -> str:
    """The first problem of a plan as one line: the entry, what was found and what is allowed."""
    problem = error.errors()[0]
    place = problem["loc"]
    if len(place) < 2 or place[0] != "faults":
        return "a plan is a table with the key faults, a list of tables with the key kind each."
    entry = f"faults {int(place[1]) + 1}"
    kind = str(place[2]) if len(place) > 2 else ""
    if kind not in KINDS:
        return f"{entry}: {_kind_problem(values, int(place[1]))}"
    return f"{entry} ({kind}): {_field_problem(problem, KINDS[kind], [str(part) for part in place[3:]])}"


def _kind_problem(values: Any, index: int) -> str:
    try:
        found = f"unknown kind {_clip(values['faults'][index]['kind'])}"
    except (KeyError, TypeError, IndexError):
        found = "no kind"
    return f"{found}. Allowed: {', '.join(KINDS)}."


def _field_problem(problem: Any, model: type[FaultModel], path: list[str]) -> str:
    part = [name for name in path if name not in {*TRIGGERS, *ENDS} or name == path[-1]]
    name = ".".join(dict.fromkeys(part))
    if problem["type"] == "extra_forbidden":
        return f"unknown key {_clip(name)}. Allowed: {', '.join(_keys(model, path))}."
    if problem["type"] in ("union_tag_invalid", "union_tag_not_found"):
        allowed = TRIGGERS if path[:1] == ["when"] else ENDS
        return f"{name} is none of the known forms. It takes one of the keys {', '.join(allowed)}."
    message = problem["msg"].removeprefix("Value error, ")
    return f"{name}: {message}." if name else f"{message}."


def _keys(model: type[FaultModel], path: list[str]) -> list[str]:
    """The keys allowed where `path` ends."""
    inner = {"when": TRIGGERS, "end": ENDS}.get(path[0])
    if inner is None or len(path) < 3:
        return list(model.model_fields)
    return list(inner[path[1]].model_fields)


def _clip(text: Any) -> str:
    shown = " ".join(str(text).split())
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
