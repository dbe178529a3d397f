"""Since when nothing disturbs what the engine and the exchange say to each other."""

from live.client.wire import TIMEOUT_NS, S
from live.engine.state import EngineState
from live.simulator.faults import FaultModel
from live.simulator.faults.kinds.base import Nature
from live.simulator.schedule import MS
from live.simulator.venue import LocalVenue

RECOVERY_NS = 5 * S
"""After a disturbance: longer than between two attempts of the engine at what is urgent."""
_HARMLESS = frozenset({"commission", "contract_change", "change_filters", "restrict_account"})
"""Lasting faults under which requests are answered and a position can be reduced."""


class Contact:
    """Watches the faults of an exchange. clear_ns: since when there is contact; in the future while there is none."""

    def __init__(self, venue: LocalVenue) -> None:
        self._faults, self._visibility = venue.faults, venue.fault_runner.visibility
        self._applied = self._faults.affected
        self._later_ns = max((_consequence_ns(fault) for fault in self._faults.plan.faults), default=0)
        self.clear_ns = 0

    def look(self, state: EngineState) -> None:
        """Take what has happened since the last look."""
        applied = self._faults.affected
        if applied != self._applied:
            self._applied = applied
            self._disturbed_until(state.now_ns + self._later_ns)
        if not state.user_up or self._is_disturbed(state.now_ns):
            self._disturbed_until(state.now_ns)
        if state.quiet_until_ns > state.now_ns:
            self._disturbed_until(state.quiet_until_ns)

    def _is_disturbed(self, now_ns: int) -> bool:
        """True while a fault lasts, or what is hidden is a stop or a position; orders alone the engine does without."""
        lasting = (fault for fault in self._faults.active(FaultModel) if fault.NATURE is Nature.LASTING)
        return any(fault.kind not in _HARMLESS for fault in lasting) or any(
            hidden.until_ms * MS > now_ns and (hidden.conditional or hidden.fault.positions)
            for hidden in self._visibility.hidden
        )

    def _disturbed_until(self, time_ns: int) -> None:
        self.clear_ns = max(self.clear_ns, time_ns + RECOVERY_NS)


def _consequence_ns(fault: FaultModel) -> int:
    """For how long after a fault has applied something may still come late, or be waited for in vain.

    What is hidden is looked at as long as it is.
    """
    late_ms = max(getattr(fault, "delay_ms", 0), getattr(fault, "after_ms", 0))
    return max(late_ms * MS, TIMEOUT_NS if fault.kind == "lose_request" else 0)
