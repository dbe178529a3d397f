"""The checks of an account: each a function of what was read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from live.account.preflight.facts import AccountFacts
from live.account.preflight.report import Checked
from live.account.reads import HeldPosition, Unknown
from live.client.wire import MS
from live.engine.contract import Contract

LARGEST_LEVERAGE: Final = 5
"""A 15 bp stop loses 0.75 % of the margin at this leverage; at a higher one liquidation comes within the price moves of
a minute, and the stop no longer decides what is lost."""
CLOCK_MS: Final = 500
"""Half of what the exchange accepts: a timestamp up to a second ahead of its own time."""
CREDITS: Final = "BNFCR"
"""The asset of accounts in the credits trading mode (EEA): profit, fees and funding are booked in it, not in USDT."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a start needs. own: first part of the client ids of the run that goes on, empty for a new one. address_list:
    whether the key must be bound to addresses. adopted: a position that a person adopts, with the orders beside it."""

    contracts: tuple[Contract, ...]
    own: str = ""
    address_list: bool = True
    largest_leverage: int = LARGEST_LEVERAGE
    adopted: HeldPosition | None = None


def passed(name: str, found: str) -> Checked:
    """A check that passed."""
    return Checked(name, found, "")


def unread(name: str, found: Unknown) -> Checked:
    """A check whose read failed."""
    return Checked(name, str(found), "an answer", "Start again; if it stays so, see what the exchange says of the key.")


def one_way(facts: AccountFacts, _: Rules) -> Iterator[Checked]:
    """One position a symbol: in hedge mode two can be open, and `reduceOnly` does not exist."""
    name, config = "one_way_mode", facts.config
    if isinstance(config, Unknown):
        yield unread(name, config)
    elif config.dual_side_position:
        yield Checked(name, "hedge mode", "one-way mode", "Set Position Mode to One-way Mode in the preferences.")
    else:
        yield passed(name, "one-way mode")


def single_asset(facts: AccountFacts, _: Rules) -> Iterator[Checked]:
    """In Multi-Assets mode other assets back a position, and isolated margin does not exist."""
    name, config = "single_asset_mode", facts.config
    if isinstance(config, Unknown):
        yield unread(name, config)
    elif config.multi_assets_margin:
        remedy = "Set Asset Mode to Single-Asset Mode in the preferences."
        yield Checked(name, "Multi-Assets mode", "Single-Asset mode", remedy)
    else:
        yield passed(name, "Single-Asset mode")


def may_trade(facts: AccountFacts, _: Rules) -> Iterator[Checked]:
    """The account may trade at all."""
    name, config = "can_trade", facts.config
    if isinstance(config, Unknown):
        yield unread(name, config)
    elif not config.can_trade:
        yield Checked(name, "the account may not trade", "a trading account", "Ask Binance why it is restricted.")
    else:
        yield passed(name, "the account may trade")


def isolated(facts: AccountFacts, rules: Rules) -> Iterator[Checked]:
    """In cross margin one position can lose the whole wallet."""
    for contract in rules.contracts:
        name = f"isolated_margin {contract.symbol}"
        if isinstance(facts.symbols, Unknown):
            yield unread(name, facts.symbols)
            continue
        row = facts.symbols.get(contract.symbol)
        found = row.margin_type if row else "no setting"
        if found != "ISOLATED":
            yield Checked(name, found, "ISOLATED", f"Set the margin mode of {contract.symbol} to Isolated.")
        else:
            yield passed(name, found)


def leverage(facts: AccountFacts, rules: Rules) -> Iterator[Checked]:
    """The leverage that is set for each symbol."""
    for contract in rules.contracts:
        name = f"leverage {contract.symbol}"
        if isinstance(facts.symbols, Unknown):
            yield unread(name, facts.symbols)
            continue
        row = facts.symbols.get(contract.symbol)
        if row is None or not 1 <= row.leverage <= rules.largest_leverage:
            remedy = f"Set the leverage of {contract.symbol} to {rules.largest_leverage} or less."
            found = f"{row.leverage}x" if row else "no setting"
            yield Checked(name, found, f"at most {rules.largest_leverage}x", remedy)
        else:
            yield passed(name, f"{row.leverage}x")


def fee_burn(facts: AccountFacts, _: Rules) -> Iterator[Checked]:
    """Whether fees are paid in BNB must be known; either is allowed."""
    name = "fee_burn"
    if isinstance(facts.fee_burn, Unknown):
        yield unread(name, facts.fee_burn)
    else:
        yield passed(name, "fees are paid in BNB" if facts.fee_burn else "fees are paid in the margin asset")


def no_credits(facts: AccountFacts, _: Rules) -> Iterator[Checked]:
    """In the credits mode of EEA accounts nothing is booked in USDT, so limits of loss would see none."""
    name = "no_credits_account"
    if isinstance(facts.assets, Unknown):
        yield unread(name, facts.assets)
    elif CREDITS in facts.assets:
        yield Checked(
            name, f"the account holds {CREDITS}", "none", "Leave the credits trading mode, or use another account."
        )
    else:
        yield passed(name, f"no {CREDITS}")


def key_rights(facts: AccountFacts, rules: Rules) -> Iterator[Checked]:
    """A key that is stolen must not be able to move money, and only work from known addresses."""
    name, rights = "key_rights", facts.rights
    if rights is None:
        yield passed(name, "this venue does not say what a key may do, and holds no money")
        return
    if isinstance(rights, Unknown):
        yield unread(name, rights)
        return
    moves = rights.enable_withdrawals or rights.enable_internal_transfer or rights.permits_universal_transfer
    if moves:
        yield Checked(name, "the key can move money", "no withdrawal, no transfer", "Take these rights from the key.")
    if not rights.enable_futures:
        yield Checked(name, "the key cannot trade futures", "futures", "Give the key the right to trade futures.")
    if rules.address_list and not rights.ip_restrict:
        yield Checked(name, "the key works from anywhere", "trusted addresses only", "Bind the key to this address.")
    if not moves and rights.enable_futures and (rights.ip_restrict or not rules.address_list):
        yield passed(name, "the key trades futures and moves no money")


def clock(facts: AccountFacts, _: Rules) -> Iterator[Checked]:
    """This machine's clock beside the exchange's."""
    name = "clock"
    if isinstance(facts.server_ms, Unknown):
        yield unread(name, facts.server_ms)
        return
    off_ms = facts.server_ms - (facts.asked_ns + facts.answered_ns) // 2 // MS
    if abs(off_ms) > CLOCK_MS:
        remedy = "Let the system's time service set the clock, then start again."
        yield Checked(name, f"{off_ms} ms from the exchange's", f"at most {CLOCK_MS} ms", remedy)
    else:
        yield passed(name, f"{off_ms} ms from the exchange's")


def contracts(_: AccountFacts, rules: Rules) -> Iterator[Checked]:
    """Each symbol can be traded, and what an entry may open one market order can close."""
    for contract in rules.contracts:
        name = f"contract {contract.symbol}"
        if not contract.trading:
            yield Checked(name, "the symbol takes no orders", "TRADING", "Start later, or trade another symbol.")
        else:
            yield passed(name, f"TRADING, tick {contract.price_text(contract.tick)}")


def nothing_foreign(facts: AccountFacts, rules: Rules) -> Iterator[Checked]:
    """No position, order or stop that is not of the run that goes on."""
    name, seen = "nothing_foreign", facts.seen
    for unknown in seen.unknown:
        yield unread(name, unknown)
    if seen.unknown:
        return
    foreign = [one for one in seen.resting if not (rules.own and one.client_id.startswith(rules.own))]
    held = () if rules.own else tuple(one for one in seen.positions if one != rules.adopted)
    if rules.adopted in seen.positions:
        foreign = [one for one in foreign if rules.adopted is None or one.symbol != rules.adopted.symbol]
    texts = [*map(str, held), *(f"{one.symbol} {'stop' if one.stop else 'order'}" for one in foreign)]
    if texts:
        remedy = "Adopt a position: twokey live adopt. Or close it in the app, or all of it: twokey live emergency-stop"
        yield Checked(name, ", ".join(texts), "an account without positions and orders of others", remedy)
    else:
        yield passed(name, "no position, order or stop of others")


Check = Callable[[AccountFacts, Rules], Iterator[Checked]]
CHECKS: Final[Sequence[Check]] = (
    one_way,
    single_asset,
    may_trade,
    isolated,
    leverage,
    fee_burn,
    no_credits,
    key_rights,
    clock,
    contracts,
    nothing_foreign,
)
