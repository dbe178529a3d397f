"""Units of limits and settings, and how their values are written."""

from enum import StrEnum

from live.money import plain


class Unit(StrEnum):
    """Unit of a value. USD, BPS and RATIO are in units of 1e-8; MS and COUNT are whole numbers."""

    USD = "USD"
    BPS = "bp"
    MS = "ms"
    RATIO = "ratio"
    COUNT = "count"

    @property
    def scaled(self) -> bool:
        """True for values in units of 1e-8."""
        return self not in (Unit.MS, Unit.COUNT)

    def show(self, value: int) -> str:
        """The value with its unit: `500 USD`, `50 bp`, `60000 ms`, `5`, `0.33`."""
        number = plain(value) if self.scaled else str(value)
        return number if self in (Unit.RATIO, Unit.COUNT) else f"{number} {self}"
