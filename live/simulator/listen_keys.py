"""Listen keys of the user stream: one per account, valid for 60 minutes after the last keep-alive."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from live.simulator.core.rejections import Rejection

LIFE_MS = 60 * 60 * 1000


@dataclass(slots=True)
class ListenKeys:
    """Issues and expires listen keys. Times are those of the request clock, in milliseconds.

    watch: told when a key will expire, each time it is extended.
    """

    seed: int
    watch: Callable[[int], None]
    _keys: dict[str, str] = field(default_factory=dict)
    _expires_ms: dict[str, int] = field(default_factory=dict)
    _made: int = 0

    def start(self, account: str, now_ms: int) -> str:
        """Return the account's valid key, or create one, and extend it."""
        key = self._keys.get(account)
        if key is None or now_ms >= self._expires_ms[account]:
            self._made += 1
            text = f"{self.seed}:{account}:{self._made}"
            key = self._keys[account] = hashlib.sha256(text.encode()).hexdigest()
        self._extend(account, now_ms)
        return key

    def keep_alive(self, account: str, now_ms: int) -> str:
        """Extend the account's key and return it.

        Raises:
            Rejection: -1125 if there is no valid key.
        """
        key = self._keys.get(account)
        if key is None or now_ms >= self._expires_ms[account]:
            raise Rejection(-1125, "This listenKey does not exist.")
        self._extend(account, now_ms)
        return key

    def _extend(self, account: str, now_ms: int) -> None:
        self._expires_ms[account] = now_ms + LIFE_MS
        self.watch(now_ms + LIFE_MS)

    def close(self, account: str) -> str | None:
        """Remove the account's key and return it; None if there was none."""
        self._expires_ms.pop(account, None)
        return self._keys.pop(account, None)

    def owner(self, key: str) -> str | None:
        """The account of a key; None for an unknown key."""
        return next((account for account, own in self._keys.items() if own == key), None)

    def expired(self, now_ms: int) -> list[tuple[str, str]]:
        """Remove expired keys; return (account, key) pairs."""
        ended = [account for account, expiry in self._expires_ms.items() if now_ms >= expiry]
        return [(account, key) for account in ended if (key := self.close(account))]
