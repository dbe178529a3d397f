"""Listen keys of the user stream: one per account, alive for 60 minutes after the last keep-alive."""

import hashlib
from dataclasses import dataclass, field

from live.simulator.core.rejections import Rejection

LIFE_MS = 60 * 60 * 1000


@dataclass(slots=True)
class ListenKeys:
    """POST returns the same key while it lives; times are those of the request clock, milliseconds."""

    seed: int
    _keys: dict[str, str] = field(default_factory=dict)
    _expires_ms: dict[str, int] = field(default_factory=dict)
    _made: int = 0

    def start(self, account: str, now_ms: int) -> str:
        """The account's key, made anew where none lives; its life begins again."""
        key = self._keys.get(account)
        if key is None or now_ms >= self._expires_ms[account]:
            self._made += 1
            text = f"{self.seed}:{account}:{self._made}"
            key = self._keys[account] = hashlib.sha256(text.encode()).hexdigest()
        self._expires_ms[account] = now_ms + LIFE_MS
        return key

    def keep_alive(self, account: str, now_ms: int) -> str:
        """Lengthen the life of the account's key.

        Raises:
            Rejection: -1125 where there is none.
        """
        key = self._keys.get(account)
        if key is None or now_ms >= self._expires_ms[account]:
            raise Rejection(-1125, "This listenKey does not exist.")
        self._expires_ms[account] = now_ms + LIFE_MS
        return key

    def close(self, account: str) -> str | None:
        """End the account's key; the key that ended."""
        self._expires_ms.pop(account, None)
        return self._keys.pop(account, None)

    def owner(self, key: str) -> str | None:
        """Whose key it is; None for a bogus one."""
        return next((account for account, own in self._keys.items() if own == key), None)

    def expired(self, now_ms: int) -> list[tuple[str, str]]:
        """Take out the keys whose life is over: account and key."""
        ended = [account for account, expiry in self._expires_ms.items() if now_ms >= expiry]
        return [(account, key) for account in ended if (key := self.close(account))]
