"""The faults of a run: asked about every frame and request, told about every event and the passing of time."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TypeVar

from live.enums import OrderType
from live.simulator.core.events import AlgoChanged, Event, OrderChanged
from live.simulator.core.state import State
from live.simulator.faults.conditions import Condition, Moment, Observed
from live.simulator.faults.kinds.base import Counts, FaultModel, FrameFault, Nature, RequestFault
from live.simulator.faults.kinds.requests import LateVisible
from live.simulator.faults.plan import FaultPlan
from live.simulator.faults.progress import Progress
from live.simulator.faults.triggers import Nth, Probability

F = TypeVar("F", bound=FaultModel)
_COUNTED_BY = {
    Condition.ORDER_ACCEPTED: Counts.ORDERS,
    Condition.ORDER_CANCELED: Counts.CANCELS,
    Condition.STOP_PLACED: Counts.STOPS,
}


class Change(StrEnum):
    """BEGINS and ENDS of a lasting fault; ACTS of an act; AFFECTS one order, whose id is the moment's number."""

    BEGINS = "begins"
    ENDS = "ends"
    ACTS = "acts"
    AFFECTS = "affects"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a fault does now, for the venue to carry out."""

    change: Change
    fault: FaultModel
    moment: Moment | None = None


@dataclass(slots=True)
class Faults:
    """Progress of a plan. Times are those of the exchange, in milliseconds; `began_ms` is the tape's first.

    over: every fault has been ended, and none begins again. due_ms: exchange time at which the next fault begins or
    ends by itself; None if there is none.
    """

    plan: FaultPlan = field(default_factory=FaultPlan)
    seed: int = 0
    observed: Observed = field(default_factory=Observed)
    began_ms: int | None = None
    over: bool = False
    due_ms: int | None = field(default=None, init=False)
    _now_ms: int = 0
    _all: list[Progress] = field(init=False)
    _active: set[int] = field(default_factory=set)
    _happenings: list[Happening] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._all = [
            Progress(fault, random.Random(f"fault {self.seed} {number} {fault.kind}"), self.observed)
            for number, fault in enumerate(self.plan.faults)
        ]

    def start(self, state: State, now_ms: int) -> None:
        """Begin the run at `now_ms`, with the orders and positions that the state already holds."""
        self.began_ms = now_ms
        for account in state.accounts.values():
            for position in account.held():
                self.observed.positions[account.name, position.symbol, position.side] = position.amount
            for order in state.open_orders(account.name):
                self.observed.resting[order.order_id] = (account.name, order.symbol)
            for algo in state.waiting_algos(account.name):
                self.observed.waiting[algo.algo_id] = (account.name, algo.symbol)
        self._observe(None)
        self.pass_time(now_ms)

    @property
    def idle(self) -> bool:
        """True if nothing is to be expected of the faults: there are none, or all have been ended for good."""
        return self.over or not self._all

    def pass_time(self, now_ms: int) -> None:
        """Begin and end what is due at `now_ms`."""
        if not self._all or self.over or self.began_ms is None:
            return
        self._now_ms = now_ms - self.began_ms
        for progress in self._all:
            if progress.pass_time(self._now_ms):
                self._occur(progress, None)
        self._note_changes()

    def on_frame(self, stream: str, event: str = "", status: str = "", execution: str = "") -> FrameFault | None:
        """The fault that applies to a frame, the first of the plan if several do. Counts it for every matching one.

        event, status, execution: of a user frame: its `e`, and the `X` and `x` of its order.
        """
        if not self._all or self.over:
            return None
        seen = (stream, event, status, execution)
        hits = [p for p in self._of(FrameFault) if _selects_frame(p.fault, seen) and self._counts(p)]
        self._act(hits)
        self._note_changes()
        return next((p.fault for p in hits if p.fault.NATURE is Nature.EACH), None)  # type: ignore[return-value]

    def on_request(self, method: str, path: str) -> list[RequestFault]:
        """The faults that apply to a request, in the order of the plan. Counts it for every matching one."""
        if not self._all or self.over:
            return []
        hits = [p for p in self._of(RequestFault) if _selects_request(p.fault, method, path) and self._counts(p)]
        self._act(hits)
        self._note_changes()
        return [p.fault for p in hits if p.fault.NATURE is Nature.EACH and isinstance(p.fault, RequestFault)]

    def on_events(self, events: Iterable[Event], now_ms: int) -> None:
        """Evaluate conditions on events as they happen, before any latency."""
        if not self._all or self.over:
            return
        self.pass_time(now_ms)
        for event in events:
            for moment in self.observed.take(event):
                self.on_moment(moment)
                if not _made_by_the_exchange(event):
                    self._count_order(moment, event)
        self._note_changes()

    def on_moment(self, moment: Moment) -> None:
        """Evaluate conditions on something that happened, such as a stream that was opened."""
        if self._all and not self.over:
            self._observe(moment)
            self._note_changes()

    def end(self) -> None:
        """End every fault for good. What a fault has delayed or hidden stays so for its time."""
        for progress in self._all:
            progress.ended = True
        self._note_changes()
        self.over = True

    def active(self, kind: type[F]) -> list[F]:
        """The faults of a kind that have begun and not ended."""
        return [p.fault for p in self._all if p.active and isinstance(p.fault, kind)]

    def is_active(self, fault: FaultModel) -> bool:
        """True from a fault's beginning to its end."""
        return any(p.active for p in self._all if p.fault is fault)

    @property
    def applied(self) -> int:
        """How often the faults have applied; a lasting one that has begun counts once at least."""
        return self.applied_by_kind.total()

    @property
    def applied_by_kind(self) -> Counter[str]:
        """As `applied`, for each kind of fault."""
        counts: Counter[str] = Counter()
        for progress in self._all:
            counts[progress.fault.kind] += max(progress.affected, progress.begun_ms is not None)
        return counts

    @property
    def affected(self) -> int:
        """How many frames, requests and orders have been affected, and how often faults have acted."""
        return sum(progress.affected for progress in self._all)

    @property
    def begun(self) -> bool:
        """True if every fault of the plan has begun."""
        return all(progress.begun_ms is not None for progress in self._all)

    @property
    def waiting(self) -> bool:
        """True if `happenings` has something to carry out."""
        return bool(self._happenings)

    def happenings(self) -> list[Happening]:
        """What the venue has to carry out since the last call, in order."""
        found, self._happenings = self._happenings, []
        return found

    def happenings_of(self, kind: type[FaultModel]) -> list[Happening]:
        """As `happenings`, for one kind of fault alone."""
        found = [entry for entry in self._happenings if isinstance(entry.fault, kind)]
        self._happenings = [entry for entry in self._happenings if not isinstance(entry.fault, kind)]
        return found

    def _of(self, kind: type[FaultModel]) -> list[Progress]:
        return [p for p in self._all if isinstance(p.fault, kind)]

    def _counts(self, progress: Progress) -> bool:
        """Count a frame or request that a fault selects; True if it is affected."""
        by_count = isinstance(progress.fault.when, Nth | Probability)
        if progress.fault.NATURE is Nature.EACH or (by_count and not progress.active):
            return progress.select(self._now_ms)
        return by_count and progress.fault.NATURE is Nature.ACT and progress.select(self._now_ms)

    def _act(self, hits: list[Progress]) -> None:
        self._happenings += [Happening(Change.ACTS, p.fault) for p in hits if p.fault.NATURE is Nature.ACT]

    def _observe(self, moment: Moment | None) -> None:
        for progress in self._all:
            if progress.observe(moment, self._now_ms):
                self._occur(progress, moment)

    def _occur(self, progress: Progress, moment: Moment | None) -> None:
        """A trigger by time or condition has occurred."""
        if progress.fault.NATURE is Nature.ACT and progress.act(self._now_ms):
            self._happenings.append(Happening(Change.ACTS, progress.fault, moment))
        elif progress.fault.COUNTS is Counts.STOPS:
            for number, (account, symbol) in list(self.observed.waiting.items()):
                if progress.active:
                    self._affect(progress, Moment(Condition.STOP_PLACED, account, symbol, number))

    def _count_order(self, moment: Moment, event: Event) -> None:
        counted = _COUNTED_BY.get(moment.condition)
        for progress in self._all:
            counts = progress.fault.COUNTS is counted or (
                counted is Counts.STOPS and isinstance(progress.fault, LateVisible)
            )
            if counted and counts and _selects_order(progress.fault, event):
                self._affect(progress, moment)

    def _affect(self, progress: Progress, moment: Moment) -> None:
        if progress.select(self._now_ms):
            self._happenings.append(Happening(Change.AFFECTS, progress.fault, moment))

    def _note_changes(self) -> None:
        """Record the lasting faults that have begun or ended since the last call, and when the next does so."""
        due: list[int] = []
        for number, progress in enumerate(self._all):
            if progress.fault.NATURE is Nature.LASTING and progress.active != (number in self._active):
                change = Change.BEGINS if progress.active else Change.ENDS
                self._happenings.append(Happening(change, progress.fault))
                (self._active.add if progress.active else self._active.discard)(number)
            if (due_ms := progress.due_ms) is not None:
                due.append(due_ms)
        self.due_ms = min(due) + self.began_ms if due and self.began_ms is not None else None


def _selects_frame(fault: FaultModel, seen: tuple[str, str, str, str]) -> bool:
    stream, *rest = seen
    return (
        isinstance(fault, FrameFault)
        and fnmatchcase(stream, fault.stream)
        and all(
            wanted in ("", found)
            for wanted, found in zip((fault.event, fault.status, fault.execution), rest, strict=True)
        )
    )


def _selects_request(fault: FaultModel, method: str, path: str) -> bool:
    return (
        isinstance(fault, RequestFault)
        and fault.COUNTS is Counts.REQUESTS
        and fnmatchcase(method, fault.method)
        and fnmatchcase(path, fault.path)
    )


def _selects_order(fault: FaultModel, event: Event) -> bool:
    if not isinstance(fault, LateVisible) or fault.orders == "all":
        return True
    return (fault.orders == "conditional") == isinstance(event, AlgoChanged)


def _made_by_the_exchange(event: Event) -> bool:
    return isinstance(event, OrderChanged) and event.order.request.kind is OrderType.LIQUIDATION
