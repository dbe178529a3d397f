"""Checks a fault plan against the venue it is meant for."""

from collections.abc import Collection, Mapping

from live.simulator.contract_changes import changed_rules
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.faults import FaultModel, FaultPlan
from live.simulator.faults.kinds.contracts import ChangeFilters
from skills_lib.domain.errors import InputError


def check_plan(plan: FaultPlan, listed: Mapping[str, SymbolRules], accounts: Collection[str]) -> None:
    """Check that every account, symbol and filter that a plan names exists.

    Raises:
        InputError: one line naming the entry, what was found and what is allowed.
    """
    for number, fault in enumerate(plan.faults, start=1):
        entry = f"Fault {number} ({fault.kind})"
        for named in (fault, fault.when, fault.end):
            _check_name(entry, "symbol", getattr(named, "symbol", ""), listed)
            _check_name(entry, "account", getattr(named, "account", ""), accounts)
        if isinstance(fault, ChangeFilters):
            _check_filters(entry, fault, listed[fault.symbol])
        _check_values(entry, fault, listed)


def _check_name(entry: str, what: str, name: str, known: Collection[str]) -> None:
    if name and name not in known:
        allowed = ", ".join(sorted(known)[:10])
        raise InputError(
            f"{entry} names the {what} {name[:40]}, which this exchange does not have. Allowed: {allowed}."
        )


def _check_filters(entry: str, fault: ChangeFilters, rules: SymbolRules) -> None:
    filters = {found["filterType"]: found for found in rules.listing["filters"]}
    for name, changes in fault.filters.items():
        if name not in filters:
            raise InputError(f"{entry}: {fault.symbol} has no filter {name[:40]}. Allowed: {', '.join(filters)}.")
        keys = [key for key in filters[name] if key != "filterType"]
        unknown = [key for key in changes if key not in keys]
        if unknown:
            raise InputError(f"{entry}: {name} has no value {unknown[0][:40]}. Allowed: {', '.join(keys)}.")


def _check_values(entry: str, fault: FaultModel, listed: Mapping[str, SymbolRules]) -> None:
    symbol = getattr(fault, "symbol", "")
    if not symbol:
        return
    try:
        changed = changed_rules(listed[symbol], fault)
    except ValueError:
        raise InputError(f"{entry}: a value of the filters is no number. Write text such as 0.50.") from None
    if min(changed.tick, changed.step) <= 0:
        raise InputError(f"{entry}: tickSize and stepSize must be above 0.")
