"""Events in which a person decides about a run: a position that it takes over, limits that become tighter."""

import msgspec

from live.engine.limits import Limits


class Adopted(msgspec.Struct, frozen=True, tag="adopted"):
    """A person takes a position of somebody else into the run, as `positionRisk` showed it at `asked_ns`.

    quantity: signed. price: its mean entry price; mark: the mark price then.
    """

    time_ns: int
    symbol: str
    quantity: int
    price: int
    mark: int
    asked_ns: int


class LimitsTightened(msgspec.Struct, frozen=True, tag="limits"):
    """A run that goes on was started with limits some of which are tighter than its own; looser ones change nothing."""

    time_ns: int
    limits: Limits
