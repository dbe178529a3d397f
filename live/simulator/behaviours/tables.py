"""Renders the register, and the endpoints and methods, as Markdown tables."""

from live.simulator.behaviours.register import Behaviour, Rule, RuleState, read_behaviours, read_rules
from live.simulator.http.endpoints.endpoint import Weight
from live.simulator.http.endpoints.not_served import NOT_SERVED
from live.simulator.http.endpoints.served import ENDPOINTS
from live.simulator.http.rate_limits import FREE, OrderCost
from live.simulator.http.websocket_api import METHODS


def behaviours_table() -> str:
    """The behaviours as Markdown, one section per area."""
    sections: dict[str, list[str]] = {}
    for entry in read_behaviours():
        sections.setdefault(entry.area, []).append(f"| {entry.text} | {_evidence(entry)} |")
    head = ["", "| behaviour | known from |", "|---|---|"]
    return "\n\n".join("\n".join([f"### {area}", *head, *rows]) for area, rows in sections.items())


def _evidence(entry: Behaviour) -> str:
    return f"{entry.evidence}: {entry.source}" if entry.source else entry.evidence


def rules_table() -> str:
    """The rules of Binance's pages as Markdown, one section per page, with their counts first."""
    rules = read_rules()
    sections: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        sections.setdefault((rule.page, rule.page_source), []).append(_row(rule))
    head = ["", "| rule | state | source, if another | test |", "|---|---|---|---|"]
    tables = [
        "\n".join([f"### {page}", "", f"Source: {source}.", *head, *rows]) for (page, source), rows in sections.items()
    ]
    return "\n\n".join([_counts(rules), *tables])


def _row(rule: Rule) -> str:
    test = f"`{rule.test}`" if rule.test else ""
    return f"| {rule.text} | {rule.state} | {rule.own_source} | {test} |"


def _counts(rules: tuple[Rule, ...]) -> str:
    counted = {state: sum(rule.state is state for rule in rules) for state in RuleState}
    return f"{len(rules)} rules: " + ", ".join(f"{count} {state}" for state, count in counted.items()) + "."


def surface_table() -> str:
    """Every endpoint and method as a Markdown table: weight, what it counts as in the order limits, security."""
    rows = [
        f"| `{entry.method}` | `{entry.path}` | {_weight(entry.weight)} | {_orders(entry.orders)} | {entry.security} |"
        for entry in sorted(ENDPOINTS.values(), key=lambda entry: (entry.path, entry.method))
    ]
    calls = [
        f"| `ws` | `{name}` | {_weight(method.weight)} | {_orders(method.orders)} | {method.security} |"
        for name, method in METHODS.items()
    ]
    head = ["| | path or method | weight | orders in 10 s / 1 min | security |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, *calls])


def _weight(weight: Weight) -> str:
    return str(weight) if isinstance(weight, int) else "by parameter"


def _orders(cost: OrderCost) -> str:
    return f"{cost.ten_seconds} / {cost.minute}" if cost != FREE else ""


def not_served_table() -> str:
    """Every endpoint that is refused on purpose as a Markdown table, with the reason."""
    rows = [
        f"| `{method}` | `{path}` | {reason} |"
        for (method, path), reason in sorted(NOT_SERVED.items(), key=lambda entry: (entry[0][1], entry[0][0]))
    ]
    return "\n".join(["| | path | why not |", "|---|---|---|", *rows])
