"""All checks of an account before a start."""

from collections.abc import Callable

from live.account.preflight.checks import CHECKS, Rules
from live.account.preflight.facts import read_facts
from live.account.preflight.mark import check_mark
from live.account.preflight.report import Checked, Preflight
from live.account.preflight.stop_proof import prove_stops
from live.client.conversations import Conversation


def check_account(rules: Rules, now: Callable[[], int], run: str, has_rights: bool = True) -> Conversation[Preflight]:
    """Make every check; none ends another. Stops are only proven where everything else passed: it places orders.

    run: first part of the client ids of the stops that are placed. has_rights: whether the venue says what a key may
    do.
    """
    facts = yield from read_facts(now, has_rights)
    checks = [found for check in CHECKS for found in check(facts, rules)]
    checks.append((yield from check_mark()))
    if all(check.passed for check in checks):
        for place, contract in enumerate(rules.contracts):
            checks.append((yield from prove_stops(contract, f"{run}-proof-{place}")))
    else:
        text = "not tried, because another check failed"
        checks += [Checked(f"stops {contract.symbol}", text, "") for contract in rules.contracts]
    return Preflight(tuple(checks), facts)
