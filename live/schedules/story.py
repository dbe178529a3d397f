"""The story of a schedule: its faults, and what was sent and learnt until its violation, a line each."""

from live.engine.actions import Action, Ask, PlaceOrder, WakeAt
from live.engine.events import BookChanged, Event, MarkChanged, Tick
from live.money import plain
from live.schedules.many import RunsSchedule
from live.schedules.numbers import ScheduleNumber
from live.schedules.plans import plan_of
from live.schedules.run import run_schedule

LAST_LINES = 30
_OMITTED = (BookChanged, MarkChanged, Tick, WakeAt, Ask)
_UNITS = ("quantity", "filled")
_WORDS = ("symbol", "client_id", "request", "outcome", "code", "status", "reason", "text", "command")


def story(integer: int, run: RunsSchedule = run_schedule) -> list[str]:
    """Faults first, then the last lines before the violation; times in seconds from the start."""
    number, lines, started_ns = ScheduleNumber.of(integer), list[str](), list[int]()

    def watch(event: Event, actions: list[Action]) -> None:
        started_ns[:] = started_ns or [event.time_ns]
        time = f"{(event.time_ns - started_ns[0]) / 1e9:9.3f} s"
        lines.extend(f"{time}  {_shown(entry)}" for entry in (event, *actions) if not isinstance(entry, _OMITTED))

    result = run(integer, watch)
    plan = plan_of(number.seed, number.left_out)
    faults = [f"fault: {fault.kind} {fault.model_dump_json(exclude_defaults=True)}" for fault in plan.faults]
    broken = [f"violation: {violation.invariant}: {violation.text}" for violation in result.violations]
    return [*faults, *lines[-LAST_LINES:], *broken]


def _shown(entry: Event | Action) -> str:
    if not isinstance(entry, PlaceOrder):
        return f"{type(entry).__name__} {_fields(entry)}"
    intent, again = entry.approved.intent, " again" if entry.again else ""
    order = f"{intent.client_id} {intent.symbol} {intent.side} {plain(intent.quantity)}"
    return f"-> {intent.purpose} {order}{again}: {intent.reason}"


def _fields(entry: Event | Action) -> str:
    words = [str(getattr(entry, name)) for name in _WORDS if getattr(entry, name, "") != ""]
    return " ".join(words + [f"{name} {plain(getattr(entry, name))}" for name in _UNITS if hasattr(entry, name)])
