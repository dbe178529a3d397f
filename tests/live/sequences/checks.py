"""What must hold between steps: sums, the user stream against queries, and each funding time charged once."""

from collections import Counter
from decimal import Decimal
from typing import Any

from live.simulator.core.audit import audit
from tests.live.sequences.client import BALANCES, Clients
from tests.live.sequences.ledger import ASSET, Ledger, funding_due

SCALE = Decimal(10**8)
QUERY_LIMIT = 1_000


def after_a_step(clients: Clients) -> list[str]:
    """Faults after any step."""
    found = clients.faults + audit(clients.venue.state)
    for account, ledger in enumerate(clients.ledgers):
        found += [f"account-{account}: {line}" for line in (ledger.faults if clients.delayed else ledger.check())]
        if not clients.delayed and not ledger.expired:
            found += _against_state(clients, account, ledger)
    return found


def _against_state(clients: Clients, account: int, ledger: Ledger) -> list[str]:
    held = clients.venue.state.accounts[f"account-{account}"]
    found = []
    if Decimal(held.wallet) / SCALE != ledger.wallet:
        found.append(f"account-{account}: wallet {held.wallet}, but the stream gives {ledger.wallet}")
    amounts = {(p.symbol, str(p.side)): Decimal(p.amount) / SCALE for p in held.held()}
    reported = {key: amount for key, amount in ledger.positions.items() if amount}
    return found + (
        [f"account-{account}: positions {amounts}, but the stream gives {reported}"] if amounts != reported else []
    )


def at_the_end(clients: Clients, to_the_last_line: bool) -> list[str]:
    """Faults that queries show at the end, when nothing is on its way.

    With delays, a countdown may fire between a query and its reply: then they are asked once more, a minute later.
    """
    delayed, clients.delayed = clients.delayed, False
    if to_the_last_line:
        clients.run_out()
    if (found := _at_rest(clients)) and delayed:
        clients.wait(60_000)
        return _at_rest(clients)
    return found


def _at_rest(clients: Clients) -> list[str]:
    found = after_a_step(clients)
    for account, ledger in enumerate(clients.ledgers):
        if not ledger.expired and (ledger.orders or ledger.algos):
            found += [f"account-{account}: {line}" for line in _by_queries(clients, account, ledger)]
            found += [f"account-{account}: {line}" for line in _funding(clients, account, ledger)]
    return found + clients.faults


def _by_queries(clients: Clients, account: int, ledger: Ledger) -> list[str]:
    ask = clients.query
    found = []
    balance = next(entry for entry in ask(account, "/fapi/v3/balance") if entry["asset"] == ASSET)
    if Decimal(balance["balance"]) != ledger.wallet:
        found.append(f"balance {balance['balance']}, but the stream gives {ledger.wallet}")
    found += _account_totals(ask(account, "/fapi/v3/account"))
    risks = ask(account, "/fapi/v3/positionRisk")
    held = {(risk["symbol"], risk["positionSide"]): Decimal(risk["positionAmt"]) for risk in risks}
    held = {key: amount for key, amount in held.items() if amount}
    if held != {key: amount for key, amount in ledger.positions.items() if amount}:
        found.append(f"positions {held}, but the stream gives {dict(ledger.positions)}")
    found += _orders(clients, account, ledger)
    return found + _rows(clients, account, ledger)


def _account_totals(body: dict[str, Any]) -> list[str]:
    isolated = sum(Decimal(position["isolatedWallet"]) for position in body["positions"])
    total, cross = Decimal(body["totalWalletBalance"]), Decimal(body["totalCrossWalletBalance"])
    found = [] if total == cross + isolated else [f"wallet {total} is not {cross} and isolated {isolated}"]
    negative = [name for name, value in body.items() if name in _NEVER_NEGATIVE and Decimal(value) < 0]
    for position in body["positions"]:
        names = ("isolatedWallet", "initialMargin", "maintMargin")
        negative += [f"{position['symbol']} {name}" for name in names if Decimal(position[name]) < 0]
    return found + [f"{name} is negative" for name in negative]


_NEVER_NEGATIVE = frozenset(
    (
        "totalInitialMargin", "totalMaintMargin", "totalPositionInitialMargin", "totalOpenOrderInitialMargin",
        "availableBalance", "maxWithdrawAmount",
    )
)  # fmt: skip


def _orders(clients: Clients, account: int, ledger: Ledger) -> list[str]:
    shown = clients.query(account, "/fapi/v1/openOrders")
    open_ = {order["orderId"]: Decimal(order["executedQty"]) for order in shown}
    reported = {
        number: seen.filled for number, seen in ledger.orders.items() if seen.status in ("NEW", "PARTIALLY_FILLED")
    }
    found = [f"open orders {open_}, but the stream gives {reported}"] if open_ != reported else []
    names = Counter((order["symbol"], order["clientOrderId"]) for order in shown)
    found += [f"client order id {name} of {count} open orders" for name, count in names.items() if count > 1]
    algos = {order["algoId"] for order in clients.query(account, "/fapi/v1/openAlgoOrders")}
    waiting = {number for number, status in ledger.algos.items() if status == "NEW"}
    return found + ([f"open conditional orders {algos}, the stream gives {waiting}"] if algos != waiting else [])


def _rows(clients: Clients, account: int, ledger: Ledger) -> list[str]:
    """Income rows give the wallet, and userTrades the fills."""
    found = []
    rows = clients.query(account, "/fapi/v1/income", limit=str(QUERY_LIMIT))
    income = sum((Decimal(row["income"]) for row in rows if row["asset"] == ASSET), Decimal(0))
    if len(rows) < QUERY_LIMIT and Decimal(BALANCES[account]) + income != ledger.wallet:
        found.append(f"income of {income} does not give {ledger.wallet}")
    for symbol in {key[0] for key in ledger.positions}:
        trades = clients.query(account, "/fapi/v1/userTrades", symbol=symbol, limit=str(QUERY_LIMIT))
        if len(trades) < QUERY_LIMIT and not {trade["id"] for trade in trades} <= ledger.trades:
            found.append(f"userTrades of {symbol} that the stream did not tell")
    return found


def _funding(clients: Clients, account: int, ledger: Ledger) -> list[str]:
    """Each funding time of the tape was charged once, on what was held then, at the mark price before it."""
    due: Counter[int] = Counter()
    tape = clients.tape
    for symbol in tape.intervals:
        for time_ms in tape.boundaries(symbol, clients.start_ms, clients.now_ms):
            mark = tape.mark_before(symbol, time_ms)
            for key, amount in ledger.held_before(time_ms).items():
                if key[0] == symbol and amount and mark:
                    due[time_ms] += int(funding_due(amount, mark.price, mark.rate) * SCALE)
    paid: Counter[int] = Counter()
    for time_ms, change in ledger.funding:
        paid[time_ms] += int(change * SCALE)
    if not tape.intervals:
        return []
    wrong = [(when, paid[when], due[when]) for when in sorted(due.keys() | paid.keys()) if paid[when] != due[when]]
    return [f"funding at {when}: {reported}e-8 paid, {right}e-8 due" for when, reported, right in wrong]
