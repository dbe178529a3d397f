"""The budget of a host in a small file, which all processes of one user on this machine share.

A process that is stopped while it holds the lock must not stop the others: whoever does not get the lock at once goes
on with what it knows, and writes what it used the next time.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

import msgspec
from filelock import FileLock, Timeout

from skills_lib.market.weights.budget import WeightBudget
from skills_lib.workspace.runtime import runtime_folder

WEIGHT_PER_MINUTE = 2_400
"""Of one address at USD-M where nobody has read the `rateLimits` of `exchangeInfo` yet; the demo venue lists 6,000."""


class SharedBudget:
    """The budget of `host`. now_s: seconds of a clock that is one for all processes and does not go back.

    shared: whether what was used last is written for the others.
    """

    def __init__(self, host: str, now_s: Callable[[], float] = time.monotonic) -> None:
        self._file = runtime_folder() / "weights" / f"{quote(host, safe='')}.json"
        self._now_s = now_s
        self._known = WeightBudget()
        self._unwritten = 0
        self.shared = True

    @property
    def limit(self) -> int:
        """The weight that the host lists for a minute, as far as this process knows; reads no file."""
        return self._known.limit or WEIGHT_PER_MINUTE

    @property
    def banned_s(self) -> float:
        """Remaining seconds of a ban as far as this process knows; reads no file."""
        return self._known.banned_s(self._now_s()) if self._known.banned_until_s else 0.0

    def reserve(self, weight: int, ceiling: int) -> float:
        """As `WeightBudget.reserve`, now."""
        return self._change(lambda budget, now_s: budget.reserve(weight, ceiling, now_s), weight)

    def spend(self, weight: int) -> None:
        """As `WeightBudget.spend`, now."""
        self._change(lambda budget, now_s: budget.spend(weight, now_s), weight)

    def observe(self, used: int) -> None:
        """As `WeightBudget.observe`, now; reads no file unless more was used than this process knows of."""
        if used > self._known.used(self._now_s()):
            self._change(lambda budget, now_s: budget.observe(used, now_s))

    def learn(self, limit: int) -> None:
        """The host lists this weight for a minute: every process goes by it."""
        if limit != self._known.limit:
            self._change(lambda budget, now_s: budget.learn(limit, now_s))

    def ban(self, seconds: float) -> None:
        """As `WeightBudget.ban`, from now on."""
        self._change(lambda budget, now_s: budget.ban(seconds, now_s))

    def _change(self, change: Callable[[WeightBudget, float], float | None], weight: int = 0) -> float:
        """Change the budget in the file, or else what is known of it; returns the seconds to wait.

        weight: what is used if there is nothing to wait for.
        """
        wait_s = self._change_file(change)
        if wait_s is not None:
            return wait_s
        wait_s = change(self._known, self._now_s()) or 0.0
        if not wait_s:
            self._unwritten += weight
        return wait_s

    def _change_file(self, change: Callable[[WeightBudget, float], float | None]) -> float | None:
        """Change the budget in the file; returns the seconds to wait, None if the file cannot be had now."""
        self.shared = False
        with suppress(OSError, Timeout, NotImplementedError):  # the last: a file system without locks
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{self._file}.lock", timeout=0):
                budget, now_s = self._read(), self._now_s()
                budget.spend(self._unwritten, now_s)
                wait_s = change(budget, now_s) or 0.0
                self._file.write_bytes(msgspec.json.encode(budget))
            self._known, self._unwritten, self.shared = budget, 0, True
            return wait_s
        return None

    def _read(self) -> WeightBudget:
        """What the file holds; nothing if it is absent, cannot be read, or is of before the machine was started."""
        found = WeightBudget()
        with suppress(FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            found = msgspec.json.decode(self._file.read_bytes(), type=WeightBudget)
        if found.written_s > self._now_s():
            found = WeightBudget()
        found.banned_until_s = max(found.banned_until_s, self._known.banned_until_s)
        return found
