"""Where messages go: addresses of apprise, each of a channel that is encrypted."""

from typing import Final
from urllib.parse import urlsplit

from skills_lib.domain.errors import InputError, did_you_mean

VARIABLE: Final = "TWOKEY_ALERTS"
CHANNELS: Final = {
    "discord": "Discord",
    "tgram": "Telegram",
    "mailtos": "e-mail over TLS",
    "jsons": "a webhook over https",
}
_LOCAL_WEBHOOK: Final = "json"
_LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1")


def targets_of(text: str) -> tuple[str, ...]:
    """The addresses in a setting, separated by white space; none if it is empty.

    Raises:
        InputError: an address of another channel, or one that apprise cannot read. Addresses hold secrets: the message
            names the place of the wrong one, and nothing of it but its scheme.
    """
    targets = tuple(text.split())
    for number, target in enumerate(targets, start=1):
        _require_allowed(number, target)
    return targets


def _require_allowed(number: int, target: str) -> None:
    scheme, separator, _ = target.partition("://")
    known = scheme.isascii() and scheme.isalnum() and bool(separator)
    if known and scheme == _LOCAL_WEBHOOK and _is_local(target):
        return
    if not known or scheme not in CHANNELS:
        shown = f"`{scheme[:12]}://`" if known else "no address"
        allowed = ", ".join(f"{name}:// ({what})" for name, what in CHANNELS.items())
        guess = did_you_mean(scheme, CHANNELS) if known else ""
        raise InputError(
            f"{VARIABLE}: address {number} is {shown}.{guess} Allowed: {allowed}; json:// on this machine."
        )


def _is_local(target: str) -> bool:
    try:
        return urlsplit(target).hostname in _LOCAL_HOSTS
    except ValueError:
        return False
