"""A schedule is one integer: its seed, which of its faults are left out, and how much of its tape is played."""

from dataclasses import dataclass

from skills_lib.domain.errors import InputError

MAX_FAULTS = 4
PARTS = 16
"""A tape is played up to a whole number of sixteenths."""


@dataclass(frozen=True, slots=True)
class ScheduleNumber:
    """What a schedule is made of. left_out: bit n is set where the plan goes without its fault n. parts: 1 to 16."""

    seed: int
    left_out: int = 0
    parts: int = PARTS

    @property
    def integer(self) -> int:
        """The schedule as one integer."""
        return ((self.seed * PARTS + PARTS - self.parts) << MAX_FAULTS) + self.left_out

    @classmethod
    def of(cls, integer: int) -> "ScheduleNumber":
        """Read the integer.

        Raises:
            InputError: it is negative.
        """
        if integer < 0:
            raise InputError(
                f"A schedule has a number of 0 or more; {integer} is below. Take one that `faults` printed."
            )
        rest, left_out = divmod(integer, 2**MAX_FAULTS)
        seed, missing = divmod(rest, PARTS)
        return cls(seed, left_out, PARTS - missing)
