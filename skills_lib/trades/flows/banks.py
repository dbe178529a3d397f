"""What rows call banks: their venues are no exchanges, and have no account that trades."""

from typing import Final

UP: Final = "up"
LOCAL_UP: Final = "up-local"
"""A server of this machine in Up's place: its money is no more real than a paper account's."""
BANKS: Final = frozenset({UP, LOCAL_UP})
