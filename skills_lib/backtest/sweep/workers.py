"""Work spread over processes or machines through joblib: loky here, Dask or Ray where an address is given."""

import hashlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from skills_lib.backtest.sweep.local_workers import JoblibWorkers, Loky
from skills_lib.backtest.sweep.remote_workers import Dask, Ray
from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option

if TYPE_CHECKING:
    from skills_lib.backtest.sweep.local_workers import Payload

T = TypeVar("T")


class Workers(Protocol):
    """Where calls run. `slots`: how many at once. `notes`: workers that were lost, for the user."""

    slots: int
    notes: list[str]

    def run(self, function: "Callable[[Payload, Any], T]", payload: "Payload", items: Sequence[Any]) -> list[T]:
        """`function(payload, item)` for every item, in order. `payload` travels once to each worker, not with items.

        Raises:
            TwokeyError: workers kept dying, or the cluster is gone.
        """
        ...


_unpacked: tuple[str, Any] | None = None


def unpacked(payload: "Payload") -> Any:
    """The object pickled into `payload`; a worker unpickles the one it works for once."""
    global _unpacked
    key = hashlib.blake2b(payload.data).hexdigest()
    if _unpacked is None or _unpacked[0] != key:
        _unpacked = (key, pickle.loads(payload.tobytes()))
    return _unpacked[1]


@contextmanager
def open_workers(cluster: str | None) -> Iterator[Workers]:
    """Processes of this machine, or the cluster at `tcp://host:port` (Dask) or `ray://host:port`.

    Raises:
        InputError: not such an address, nobody answers there, or the extra is not installed.
    """
    if cluster is None:
        workers: JoblibWorkers = Loky()
    elif cluster.startswith(("tcp://", "tls://")):
        workers = Dask(cluster)
    elif cluster.startswith("ray://"):
        workers = Ray(cluster)
    else:
        raise InputError(
            f"{option('cluster', cluster)} is no address. Write tcp://host:8786 (Dask) or ray://host:10001 (Ray)."
        )
    try:
        yield workers
    finally:
        workers.close()
