"""The fault list: an example of every kind and of its variants, each with a trigger and an end that suit it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from live.simulator.faults.conditions import MEANINGS
from live.simulator.faults.kinds.accounts import Action, AlgoForm
from live.simulator.faults.kinds.base import FaultModel
from live.simulator.faults.kinds.contracts import Status
from live.simulator.faults.plan import KINDS, FaultPlan
from live.simulator.faults.replies import Garbage, Refusal, Reply
from live.simulator.faults.triggers import ENDS, TRIGGERS
from skills_lib.domain.errors import InputError

_PLACES: dict[str, Any] = {"method": "POST", "path": "/fapi/v1/*rder*"}
_OPEN: dict[str, Any] = {"when": {"condition": "position_open"}}
_FILLS: dict[str, Any] = {"stream": "user", "event": "ORDER_TRADE_UPDATE", "status": "FILLED"}
_DEPTH: dict[str, Any] = {"stream": "*@depth*", "when": {"nth": 50}}

_EXAMPLES: dict[str, dict[str, Any]] = {
    "drop": _FILLS,
    "delay": _FILLS | {"delay_ms": 5_000},
    "duplicate": _FILLS | {"end": {"count": 5}},
    "reorder": {"stream": "user", "end": {"count": 5}},
    "gap_pu": _DEPTH,
    "corrupt_level": _DEPTH | {"end": {"count": 3}},
    "burst": _DEPTH | {"end": {"duration_ms": 5_000}},
    "freeze": {"stream": "user"} | _OPEN,
    "cut": {"stream": "user"} | _OPEN,
    "server_close": {"stream": "*"} | _OPEN,
    "lose_request": _PLACES,
    "lose_response": _PLACES,
    "slow_request": _PLACES,
    "slow_response": _PLACES,
    "answer": _PLACES | {"reply": "unknown_503", "landed": True},
    "garbage_response": _PLACES,
    "stale_read": {"path": "/fapi/v*", "end": {"condition_ends": True}} | _OPEN,
    "stale_snapshot": {"end": {"count": 2}},
    "late_visible": {"end": {"count": 2}},
    "refuse_connect": _OPEN,
    "outage": _OPEN,
    "foreign_weight": _OPEN,
    "jump_clock": _OPEN,
    "foreign_action": _OPEN,
    "liquidate": _OPEN,
    "partial_liquidation": _OPEN,
    "adl": _OPEN,
    "expire_listen_key": _OPEN,
    "late_fill": {},
    "algo_trouble": {},
    "algo_outage": {"when": {"condition": "stop_waits"}},
    "restrict_account": _OPEN | {"end": {"duration_ms": 60_000}},
    "commission": {"when": {"condition": "order_accepted"}, "end": {"duration_ms": 60_000}},
    "change_filters": {
        "symbol": "BTCUSDT",
        "filters": {"PRICE_FILTER": {"tickSize": "0.50"}},
        "when": {"condition": "order_accepted"},
        "end": {"duration_ms": 60_000},
    },
    "contract_change": {"funding_interval_hours": 1} | _OPEN | {"end": {"duration_ms": 600_000}},
    "symbol_status": _OPEN,
}


def _variants() -> dict[str, dict[str, Any]]:
    """Further examples of kinds that take one of several forms, named kind and form with a hyphen."""
    named = {f"answer-{reply}": {"reply": reply, "landed": reply is Reply.TIMEOUT} for reply in Reply}
    named |= {f"garbage_response-{form}": {"form": form} for form in Garbage}
    named |= {f"refuse_connect-{what}": {"what": what} for what in Refusal}
    named |= {f"foreign_action-{action}": {"action": action} for action in Action}
    for setting in (Action.MARGIN_TYPE, Action.POSITION_MODE):  # refused while an order or a position is open
        named[f"foreign_action-{setting}"]["when"] = {"at_ms": 0}
    named |= {f"algo_trouble-{form}": {"form": form} for form in AlgoForm}
    for ended in (AlgoForm.CANCELED, AlgoForm.VANISHED):
        named[f"algo_trouble-{ended}"]["after_ms"] = 500
    named |= {f"commission-{form}": {"form": form} for form in ("bnb", "absent")}
    named |= {f"symbol_status-{status.lower()}": {"status": status} for status in Status}
    named["outage-refused"] = {"rest": "refused"}
    named["late_visible-half_an_hour"] = {"hidden_ms": 1_800_000, "positions": True, "user_stream": True}
    named["contract_change-brackets"] = {
        "funding_interval_hours": 0,
        "brackets": [{"leverage": 5, "floor": 0, "cap": 10_000_000, "maintenance": "0.1"}],
    }
    for event in ("ACCOUNT_UPDATE", "ALGO_UPDATE", "TRADE_LITE"):
        named[f"drop-{event.lower()}"] = {"event": event, "status": ""}
    return named


def _kind_of(name: str) -> str:
    return name.partition("-")[0]


def _example(name: str, fields: dict[str, Any]) -> FaultModel:
    kind = _kind_of(name)
    return KINDS[kind].model_validate({"kind": kind} | _EXAMPLES[kind] | fields)


CATALOGUE: Mapping[str, FaultModel] = MappingProxyType({kind: _example(kind, {}) for kind in KINDS})
"""One example of each kind, by its kind."""

VARIANTS: Mapping[str, FaultModel] = MappingProxyType(
    dict(CATALOGUE) | {name: _example(name, fields) for name, fields in _variants().items()}
)
"""The examples of every kind and of every variant, by name."""


def built_in_plan(names: str) -> FaultPlan:
    """The plan of built-in names, separated by commas.

    Raises:
        InputError: a name is not built in.
    """
    wanted = [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in VARIANTS]
    if unknown:
        raise InputError(
            f"There is no fault {unknown[0][:60]}. `twokey simulate --faults list` prints the built-in names; "
            "a plan of your own is a .toml or .json file."
        )
    return FaultPlan(faults=tuple(VARIANTS[name] for name in wanted))


def purpose(kind: type[FaultModel]) -> str:
    """The first paragraph of a kind's description, on one line."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def options(kind: type[FaultModel]) -> list[str]:
    """The keys of a kind besides kind, when and end, with their defaults."""
    fields = {name: info for name, info in kind.model_fields.items() if name not in ("kind", "when", "end")}
    return [name if info.is_required() else f"{name} = {_shown(info.default)}" for name, info in fields.items()]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return str(value) if isinstance(value, int) else f'"{value}"'


def kinds_table() -> str:
    """Every kind as a Markdown table."""
    rows = [
        f"| `{name}` | {purpose(model)} | {model.COUNTS} | {', '.join(f'`{key}`' for key in options(model)) or ''} |"
        for name, model in KINDS.items()
    ]
    return "\n".join(["| kind | what happens | counts | keys and defaults |", "|---|---|---|---|", *rows])


def conditions_table() -> str:
    """Every condition as a Markdown table."""
    rows = [f"| `{condition}` | {meaning} |" for condition, meaning in MEANINGS.items()]
    return "\n".join(["| condition | true |", "|---|---|", *rows])


def triggers_table() -> str:
    """Every trigger and end as a Markdown table."""
    begins = [f"| `when` | `{name}` | {purpose(model)} |" for name, model in TRIGGERS.items()]  # type: ignore[arg-type]
    ends = [f"| `end` | `{name}` | {purpose(model)} |" for name, model in ENDS.items()]  # type: ignore[arg-type]
    return "\n".join(["| | key | meaning |", "|---|---|---|", *begins, *ends])


def page() -> str:
    """The generated part of the section on faults in docs/simulator.md."""
    names = ", ".join(f"`{name}`" for name in VARIANTS if name not in CATALOGUE)
    return "\n\n".join(
        [triggers_table(), conditions_table(), kinds_table(), f"Built-in variants besides the kinds: {names}."]
    )
