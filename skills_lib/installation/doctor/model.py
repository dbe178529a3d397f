"""What `twokey doctor` reports."""

from typing import Literal

from skills_lib.domain.models import FrozenModel

State = Literal["ok", "note", "broken"]


class Finding(FrozenModel):
    """One thing looked at. `note`: it works, but should be known; `broken`: something does not work.

    `remedy`: what to do, where there is something to do.
    """

    topic: str
    state: State
    found: str
    remedy: str = ""


class SettingInForce(FrozenModel):
    """One setting as it holds now. `source`: the variable or file that it comes from, or "default"."""

    name: str
    value: str
    source: str


class Diagnosis(FrozenModel):
    """Everything looked at, in the order in which it is printed."""

    findings: list[Finding]
    settings: list[SettingInForce]

    @property
    def is_broken(self) -> bool:
        """Whether anything does not work."""
        return any(finding.state == "broken" for finding in self.findings)


def ok(topic: str, found: str) -> Finding:
    """Works."""
    return Finding(topic=topic, state="ok", found=found)


def note(topic: str, found: str, remedy: str = "") -> Finding:
    """Works, and should be known."""
    return Finding(topic=topic, state="note", found=found, remedy=remedy)


def broken(topic: str, found: str, remedy: str) -> Finding:
    """Does not work."""
    return Finding(topic=topic, state="broken", found=found, remedy=remedy)
