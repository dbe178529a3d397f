"""What a preflight found."""

from dataclasses import dataclass

from live.account.preflight.facts import AccountFacts


@dataclass(frozen=True, slots=True)
class Checked:
    """One check. name: a fixed word. found, allowed: for a person. remedy: what to do next; empty if it passed."""

    name: str
    found: str
    allowed: str
    remedy: str = ""

    @property
    def passed(self) -> bool:
        """True if there is nothing to do."""
        return not self.remedy

    def __str__(self) -> str:
        if self.passed:
            return f"{self.name}: {self.found}"
        return f"{self.name}: {self.found}; allowed: {self.allowed}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Preflight:
    """All checks, passed or not, in the order in which they were made. facts: what they were made of."""

    checks: tuple[Checked, ...]
    facts: AccountFacts

    @property
    def failures(self) -> tuple[Checked, ...]:
        """The checks that failed; empty if a run may start."""
        return tuple(check for check in self.checks if not check.passed)
