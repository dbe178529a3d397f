"""Whether what a run rests on besides its streams was read of late."""

import msgspec


class AccountKnown(msgspec.Struct, frozen=True, tag="account_known"):
    """Modes, margin, leverage, filters and status were all read of late (`known`), or were not; entries then wait."""

    time_ns: int
    known: bool
