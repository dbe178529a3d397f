"""How many threads or processes a computation uses: one a processor, or as many as the setting `workers` says."""

from skills_lib.settings import Settings
from skills_lib.workspace.location import locate


def limited(usable: int) -> int:
    """`usable` processors, or fewer where the setting `workers` says so."""
    workers = Settings().workers if locate().folder is not None else None
    return min(workers or usable, usable)
