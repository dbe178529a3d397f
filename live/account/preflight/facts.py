"""What a preflight reads of an account. A read that failed is `Unknown`, and its checks fail.

Pages "Account Config", "Symbol Config", "Get BNB Burn Status", "Account Information V3", and of the wallet's interface
"Get API Key Permission". The last has another host than futures: whoever carries the bytes sends `/sapi/` there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from live.account.reads import Seen, Unknown, read, read_account
from live.binance.calls import Call
from live.client.conversations import Conversation, ask_all

T = TypeVar("T")
CONFIG, SYMBOLS, BURN = "/fapi/v1/accountConfig", "/fapi/v1/symbolConfig", "/fapi/v1/feeBurn"
BALANCE, TIME, RIGHTS = "/fapi/v3/balance", "/fapi/v1/time", "/sapi/v1/account/apiRestrictions"
FUNDING: Final = "/fapi/v1/fundingInfo"
USUAL_FUNDING_HOURS: Final = 8
"""Of symbols that `fundingInfo` does not list: page "Get Funding Rate Info"."""


class AccountConfig(msgspec.Struct, rename="camel", gc=False):
    """How the account trades. dual_side_position: hedge mode."""

    dual_side_position: bool
    multi_assets_margin: bool
    can_trade: bool


class SymbolConfig(msgspec.Struct, rename="camel", gc=False):
    """A symbol's margin type and leverage."""

    symbol: str
    margin_type: str
    leverage: int


class FeeBurn(msgspec.Struct, rename="camel", gc=False):
    """Whether fees are paid in BNB."""

    fee_burn: bool


class Balance(msgspec.Struct, rename="camel", gc=False):
    """An asset of the account."""

    asset: str
    balance: str


class ServerTime(msgspec.Struct, rename="camel", gc=False):
    """The exchange's time."""

    server_time: int


class KeyRights(msgspec.Struct, rename="camel", gc=False):
    """What a key may do; rights that an answer lacks count as given."""

    ip_restrict: bool
    enable_futures: bool
    enable_withdrawals: bool = True
    enable_internal_transfer: bool = True
    permits_universal_transfer: bool = True


class FundingInfo(msgspec.Struct, rename="camel", gc=False):
    """A row of `fundingInfo`, which lists symbols whose funding differs from the usual."""

    symbol: str
    funding_interval_hours: int


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What was read. server_ms: the exchange's time; asked_ns, answered_ns: ours before and after. rights: None where
    the venue does not say."""

    config: AccountConfig | Unknown
    symbols: dict[str, SymbolConfig] | Unknown
    fee_burn: bool | Unknown
    assets: tuple[str, ...] | Unknown
    server_ms: int | Unknown
    rights: KeyRights | Unknown | None
    seen: Seen
    asked_ns: int
    answered_ns: int
    funding: dict[str, int] | Unknown = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """True if nothing that a run rests on is unknown."""
        read = (self.config, self.symbols, self.assets, self.funding)
        return not (self.seen.unknown or any(isinstance(one, Unknown) for one in read))

    def funding_hours(self, symbol: str) -> int:
        """Between two charges of funding; 0 where it is not known."""
        return 0 if isinstance(self.funding, Unknown) else self.funding.get(symbol, USUAL_FUNDING_HOURS)


_CONFIG: Final = msgspec.json.Decoder(AccountConfig)
_SYMBOLS: Final = msgspec.json.Decoder(list[SymbolConfig])
_BURN: Final = msgspec.json.Decoder(FeeBurn)
_BALANCES: Final = msgspec.json.Decoder(list[Balance])
_TIME: Final = msgspec.json.Decoder(ServerTime)
_FUNDING: Final = msgspec.json.Decoder(list[FundingInfo])
_RIGHTS: Final = msgspec.json.Decoder(KeyRights)


def read_facts(now: Callable[[], int], has_rights: bool) -> Conversation[AccountFacts]:
    """Read all of it. has_rights: whether the venue tells what a key may do. now: the time in nanoseconds."""
    asked_ns = now()
    time, funding = yield from ask_all([Call("GET", TIME, signed=False), Call("GET", FUNDING, signed=False)])
    answered_ns = now()
    signed = [Call("GET", path) for path in (CONFIG, SYMBOLS, BURN, BALANCE, *([RIGHTS] if has_rights else []))]
    config, symbols, burn, balance, *rights = yield from ask_all(signed)
    seen = yield from read_account()
    return AccountFacts(
        config=read(CONFIG, config, _CONFIG.decode),
        symbols=read(SYMBOLS, symbols, lambda body: {row.symbol: row for row in _SYMBOLS.decode(body)}),
        fee_burn=read(BURN, burn, lambda body: _BURN.decode(body).fee_burn),
        assets=read(BALANCE, balance, lambda body: tuple(row.asset for row in _BALANCES.decode(body))),
        server_ms=read(TIME, time, lambda body: _TIME.decode(body).server_time),
        rights=read(RIGHTS, rights[0], _RIGHTS.decode) if rights else None,
        seen=seen,
        asked_ns=asked_ns,
        answered_ns=answered_ns,
        funding=read(
            FUNDING, funding, lambda body: {one.symbol: one.funding_interval_hours for one in _FUNDING.decode(body)}
        ),
    )
