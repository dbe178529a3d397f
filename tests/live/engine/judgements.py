"""What risk says of an intent, for tests."""

from live.engine.intents import Approved, Intent, Refused
from live.engine.risk.judging import judge
from live.engine.state import EngineState


def refused(intent: Intent, state: EngineState) -> Refused:
    judged = judge(intent, state)
    assert isinstance(judged, Refused), "was approved"
    return judged


def approved(intent: Intent, state: EngineState) -> Approved:
    judged = judge(intent, state)
    assert isinstance(judged, Approved), judged
    return judged


def reason(intent: Intent, state: EngineState) -> str:
    return refused(intent, state).reason
