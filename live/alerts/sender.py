"""The process that sends messages: `python -m live.alerts.sender`.

Standard input: the addresses as a JSON list in the first line, then one message a line. Standard output: for each
message a line, `delivered` or `failed`. It ends when its input does.
"""

import logging
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from live.alerts.notice import Notice, Severity

TIMEOUT_S: Final = 20
"""All addresses of one message together."""
DELIVERED: Final = "delivered"
FAILED: Final = "failed"


def main() -> int:
    """Send what comes until nothing comes any more."""
    logging.disable(logging.CRITICAL)  # apprise logs addresses, which hold secrets
    lines = iter(sys.stdin.buffer.readline, b"")
    targets = msgspec.json.decode(next(lines, b"[]"), type=list[str])
    for line in lines:
        outcome = DELIVERED if deliver(targets, msgspec.json.decode(line, type=Notice)) else FAILED
        sys.stdout.write(f"{outcome}\n")
        sys.stdout.flush()
    return 0


def deliver(targets: Sequence[str], notice: Notice) -> bool:
    """Send a message to every address; True if each took it."""
    import apprise

    kinds = {
        Severity.INFO: apprise.NotifyType.INFO,
        Severity.WARNING: apprise.NotifyType.WARNING,
        Severity.CRITICAL: apprise.NotifyType.FAILURE,
    }
    channel = apprise.Apprise()
    if not all(channel.add(target) for target in targets):
        return False
    where = f" {notice.symbol}" if notice.symbol else ""
    title = f"Twokey, {notice.severity}: {notice.code}{where}"
    return bool(channel.notify(body=notice.text, title=title, notify_type=kinds[notice.severity], timeout=TIMEOUT_S))


if __name__ == "__main__":
    sys.exit(main())
