"""Progress of a plan: which faults have begun, what they affect, and when they end. Deterministic from the seed."""

import random
from dataclasses import dataclass

from live.simulator.faults.conditions import INTERVALS, Condition, Moment, Observed
from live.simulator.faults.kinds.base import FaultModel, Nature
from live.simulator.faults.triggers import AtTime, Duration, Nth, OnCondition, Probability, Times, Until, WithCondition


@dataclass(slots=True)
class Progress:
    """One fault of a plan. seen: what it selected so far; affected: how often it applied. Times in milliseconds.

    begun_ms: None before its beginning. ended: it will not apply again, unless its trigger repeats.
    """

    fault: FaultModel
    random: random.Random
    observed: Observed
    seen: int = 0
    affected: int = 0
    begun_ms: int | None = None
    ended: bool = False
    _occurrences: int = 0
    _held: bool = False
    _end_held: bool = False
    _order: int = 0

    @property
    def active(self) -> bool:
        """True from its beginning to its end."""
        return self.begun_ms is not None and not self.ended

    @property
    def due_ms(self) -> int | None:
        """The time at which it begins or ends by itself; None if there is none."""
        if self.begun_ms is None and not self.ended and isinstance(self.fault.when, AtTime):
            return self.fault.when.at_ms
        if self.active and isinstance(self.fault.end, Duration):
            return (self.begun_ms or 0) + self.fault.end.duration_ms
        return None

    def select(self, now_ms: int) -> bool:
        """Count a frame, request or order that the fault selects; return True if it is affected."""
        self.seen += 1
        self.pass_time(now_ms)
        when = self.fault.when
        if isinstance(when, Nth) and self.seen == when.nth:
            self._begin(now_ms)
        if isinstance(when, Probability):
            if self.random.random() >= when.probability:
                return False
            if self.begun_ms is None:
                self._begin(now_ms)
        if not self.active:
            return False
        self._apply()
        return True

    def act(self, now_ms: int) -> bool:
        """Count an occurrence of an act's trigger; return True if the fault acts."""
        if self.begun_ms is None:
            self._begin(now_ms)
        self.pass_time(now_ms)
        if not self.active:
            return False
        self._apply()
        return True

    def pass_time(self, now_ms: int) -> bool:
        """Begin or end what is due; return True if a trigger by time was reached."""
        reached = self.begun_ms is None and isinstance(self.fault.when, AtTime) and now_ms >= self.fault.when.at_ms
        if reached:
            self._begin(now_ms)
        if self.active and isinstance(self.fault.end, Duration) and (self.due_ms or 0) <= now_ms:
            self.ended = True
        return reached

    def observe(self, moment: Moment | None, now_ms: int) -> bool:
        """Evaluate its conditions after a moment, or at the start; return True if its trigger has just occurred."""
        self._observe_end(moment)
        when = self.fault.when
        if not isinstance(when, OnCondition):
            return False
        occurs = self._becomes_true(when, moment) and self._is_chosen(when)
        if when.condition is Condition.BETWEEN_ACK_AND_FILL:
            self._order = moment.number if occurs and moment else self._order
            self._held = self._order in self.observed.unfilled
        if occurs and (self.begun_ms is None or (self.ended and when.repeats)):
            self.ended = False
            self._begin(now_ms)
        if self.active and isinstance(self.fault.end, WithCondition) and not self._held:
            self.ended = True
        return occurs

    def _is_chosen(self, when: OnCondition) -> bool:
        """Count an occurrence; True for the nth, and for later ones if the trigger repeats or the act goes on."""
        self._occurrences += 1
        later = self._occurrences > when.nth
        return self._occurrences == when.nth or (later and (when.repeats or self.fault.NATURE is Nature.ACT))

    def _becomes_true(self, when: OnCondition, moment: Moment | None) -> bool:
        sought = Condition.ORDER_ACCEPTED if when.condition is Condition.BETWEEN_ACK_AND_FILL else when.condition
        if sought not in INTERVALS:
            return moment is not None and moment.condition is sought and moment.concerns(when.account, when.symbol)
        before, self._held = self._held, self.observed.holds(sought, when.account, when.symbol)
        return self._held and not before

    def _observe_end(self, moment: Moment | None) -> None:
        end = self.fault.end
        if not (self.active and isinstance(end, Until) and moment):
            return
        if end.until in INTERVALS:
            before, self._end_held = self._end_held, self._end_holds()
            self.ended = self._end_held and not before
        else:
            self.ended = moment.condition is end.until and moment.concerns(end.account, end.symbol)

    def _end_holds(self) -> bool:
        end = self.fault.end
        return isinstance(end, Until) and self.observed.holds(end.until, end.account, end.symbol)

    def _begin(self, now_ms: int) -> None:
        self.begun_ms, self.affected = now_ms, 0
        self._end_held = self._end_holds()

    def _apply(self) -> None:
        self.affected += 1
        if isinstance(self.fault.end, Times) and self.affected >= self.fault.end.count:
            self.ended = True
