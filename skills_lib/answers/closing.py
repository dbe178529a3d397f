"""The answer of `twokey live emergency-stop`."""

from typing import ClassVar

from skills_lib.answers.model import Answer


class ClosingAnswer(Answer):
    """What a closing did. flat: proven by `verified_reads` (two) reads after its last action.

    cancelled: how many orders and stops rested and no longer do; closed: positions that are gone, with their quantity.
    left: what is still there or could not be read. refused: what the exchange refused for good. seconds: until the
    last order or cancellation that was needed was answered; null if flat is not proven. verified_after_seconds: until
    the end, the proof included. latched: sessions whose daemon stays killed until a person resets it.
    """

    MATTERS: ClassVar = ("flat", "verified_reads", "left", "refused", "latched")

    flat: bool
    verified_reads: int
    cancelled: int
    closed: list[str]
    left: list[str]
    refused: list[str]
    seconds: float | None
    verified_after_seconds: float
    latched: list[str]
