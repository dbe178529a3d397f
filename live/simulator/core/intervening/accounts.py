"""Money moved by others, restrictions of an account, and the funding interval of a contract."""

from live.simulator.core.interventions import ChangeFundingInterval, RestrictToReducing, Transfer
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


def change_funding_interval(state: State, command: ChangeFundingInterval) -> None:
    """Move the next funding time to the next multiple of the interval after now."""
    market = state.market(command.symbol)
    market.funding_interval_ms = command.interval_ms
    if market.next_funding_ms:
        market.next_funding_ms = (state.now_ms // command.interval_ms + 1) * command.interval_ms
