"""What risk says of an intent, for tests."""

from live.engine import intents
from live.engine.intents import Approved, Intent, Refused
from live.engine.risk.judging import judge
from live.engine.state import EngineState


def refused(intent: Intent, state: EngineState) -> Refused:
    """The refusal; fails if risk approves."""
    judged = judge(intent, state)
    assert isinstance(judged, Refused), "was approved"
    return judged


def approved(intent: Intent, state: EngineState) -> Approved:
    """The approval; fails if risk refuses."""
    judged = judge(intent, state)
    assert isinstance(judged, Approved), judged
    return judged


def reason(intent: Intent, state: EngineState) -> str:
    """The word of the refusal."""
    return refused(intent, state).reason


def approval(intent: Intent) -> Approved:
    """An approval that risk did not give: as if risk had a defect, for tests of what comes behind it."""
    return Approved(intents._KEY, intent, (), 0)
