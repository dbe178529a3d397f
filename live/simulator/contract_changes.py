"""Contracts changed by faults: each symbol's rules are those listed, with every change in force applied to them."""

from dataclasses import dataclass, field

from live.money import SCALE, parse
from live.simulator.core.symbol_rules import Bracket, SymbolRules
from live.simulator.faults import FaultModel
from live.simulator.faults.kinds.contracts import BracketRow, ChangeFilters, ContractChange, StatusChange
from live.simulator.listed_symbols import with_filters

ContractFault = ChangeFilters | ContractChange | StatusChange


@dataclass(slots=True)
class ContractChanges:
    """Changes in force, in the order in which they began. `listed` are the venue's rules, changed in place."""

    listed: dict[str, SymbolRules]
    _original: dict[str, SymbolRules] = field(default_factory=dict)
    _in_force: list[ContractFault] = field(default_factory=list)

    def begin(self, fault: ContractFault) -> list[SymbolRules]:
        """Put a change in force; return the rules that changed."""
        self._in_force.append(fault)
        return self._renew(fault)

    def end(self, fault: ContractFault) -> list[SymbolRules]:
        """Take a change back; return the rules that changed."""
        self._in_force = [other for other in self._in_force if other is not fault]
        return self._renew(fault)

    def _renew(self, fault: ContractFault) -> list[SymbolRules]:
        changed = []
        for symbol in self.symbols(fault):
            rules = self._original.setdefault(symbol, self.listed[symbol])
            for change in self._in_force:
                rules = changed_rules(rules, change) if symbol in self.symbols(change) else rules
            self.listed[symbol] = rules
            changed.append(rules)
        return changed

    def symbols(self, fault: ContractFault) -> list[str]:
        """The listed symbols that a fault names; all of them if it names none."""
        return [symbol for symbol in self.listed if fault.symbol in ("", symbol)]


def changed_rules(rules: SymbolRules, fault: FaultModel) -> SymbolRules:
    """The rules with one change applied."""
    if isinstance(fault, ChangeFilters):
        return with_filters(rules, fault.filters)
    if isinstance(fault, StatusChange):
        return SymbolRules.of(rules.listing | {"status": fault.status.value}, rules.brackets)
    if isinstance(fault, ContractChange) and fault.brackets:
        rows = tuple(_bracket(number, row) for number, row in enumerate(fault.brackets, start=1))
        return SymbolRules.of(rules.listing, rows)
    return rules


def _bracket(number: int, row: BracketRow) -> Bracket:
    return Bracket(
        number=number,
        initial_leverage=row.leverage,
        floor=row.floor * SCALE,
        cap=row.cap * SCALE,
        maintenance_rate=parse(row.maintenance),
        deduction=parse(row.deduction),
    )
