"""The mark of a running daemon on its account: the key of its user stream.

An account has at most one such key (page "User Data Streams"): opening a stream makes it, keeping it alive renews it
for an hour, and only a key that is there can be renewed (-1125 otherwise). So a start that can renew it is not alone.
It is no order, needs no margin and cannot trade; docs/decisions/0029 says what it does not show.
"""

from typing import Final

from live.account.preflight.report import Checked
from live.account.reads import Unknown
from live.binance.calls import Call
from live.binance.outcomes import code_of
from live.client.conversations import Conversation, ask

PATH: Final = "/fapi/v1/listenKey"
NO_KEY: Final = -1125
NAME: Final = "alone"


def check_mark() -> Conversation[Checked]:
    """Whether no program has the account's user stream open, or had within the last hour."""
    answer = yield from ask(Call("PUT", PATH, signed=False, keyed=True))
    if answer is not None and answer.status == 200:
        remedy = (
            "Stop the daemon on the other machine. If there is none, as after a crash: twokey live emergency-stop "
            "takes the mark away; or wait an hour without a start"
        )
        return Checked(NAME, "a user stream of this account is open, or was within the last hour", "none", f"{remedy}.")
    if answer is not None and code_of(answer.body) == NO_KEY:
        return Checked(NAME, "no user stream of this account is open", "")
    return Checked(NAME, str(Unknown(PATH, answer)), "an answer", "Start again.")


def take_away() -> Conversation[None]:
    """End the account's user stream: nothing runs there any more."""
    yield from ask(Call("DELETE", PATH, signed=False, keyed=True))
