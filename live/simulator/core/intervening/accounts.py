"""Money moved by others, restrictions of an account, and the funding interval of a contract."""

from live.money import SCALE
from live.simulator.core import funding
from live.simulator.core.bnb import BNB
from live.simulator.core.interventions import ChangeFundingInterval, PayFeesInBnb, RestrictToReducing, Transfer
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State


def transfer(state: State, command: Transfer) -> int:
    """Move money in or out; return the amount. At most the withdrawable balance leaves.

    Raises:
        Rejection: -2018 if the balance is insufficient.
    """
    account = state.accounts[command.account]
    if -command.amount > state.margin(account).withdrawable:
        raise Rejection(-2018, "Balance is insufficient.")
    account.wallet += command.amount
    state.record_income(account, "", "TRANSFER", command.amount)
    state.report_account(account, "DEPOSIT" if command.amount > 0 else "WITHDRAW", [], command.amount)
    return command.amount


def restrict(state: State, command: RestrictToReducing) -> None:
    """Restrict an account, or lift the restriction."""
    state.accounts[command.account].reduce_only_account = command.restricted


def pay_fees_in_bnb(state: State, command: PayFeesInBnb) -> None:
    """Pay fees in BNB, or in USDT again."""
    account = state.accounts[command.account]
    account.bnb.price = command.price
    if command.price and not account.bnb.balance:
        account.bnb.balance = SCALE
        state.record_income(account, "", "TRANSFER", SCALE, asset=BNB)
        state.report_account(account, "DEPOSIT", [], bnb=(SCALE, SCALE))


def change_funding_interval(state: State, command: ChangeFundingInterval) -> None:
    """Move the next funding time to the next multiple of the interval after now, or take the tape's times again."""
    market, changed = state.market(command.symbol), state.interventions.funding_changed
    (changed.add if command.interval_ms else changed.discard)(command.symbol)
    interval_ms = market.funding_interval_ms = command.interval_ms or funding.INTERVALS_MS[0]
    if market.next_funding_ms:
        market.next_funding_ms = (state.now_ms // interval_ms + 1) * interval_ms
