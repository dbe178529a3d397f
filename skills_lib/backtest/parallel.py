"""Work spread over processes or machines through joblib: loky here, Dask or Ray where an address is given."""

import hashlib
import pickle
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from skills_lib.domain.errors import InputError, TwokeyError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Payload = npt.NDArray[np.uint8]

T = TypeVar("T")

CONNECT_SECONDS = 10
ATTEMPTS = 3
"""How often a batch is tried when workers die under it."""


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
        workers: _JoblibWorkers = _Loky()
    elif cluster.startswith(("tcp://", "tls://")):
        workers = _Dask(cluster)
    elif cluster.startswith("ray://"):
        workers = _Ray(cluster)
    else:
        raise InputError(f"--cluster {cluster} is no address. Write tcp://host:8786 (Dask) or ray://host:10001 (Ray).")
    try:
        yield workers
    finally:
        workers.close()


class _JoblibWorkers(ABC):
    """A joblib backend kept open between calls, and opened anew when its workers died."""

    where = "this machine"

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.slots = 1
        self._open: ExitStack | None = None
        self._parallel: Any = None
        self._payload: Payload | None = None

    def run(self, function: "Callable[[Payload, Any], T]", payload: "Payload", items: Sequence[Any]) -> list[T]:
        from joblib import delayed

        for attempt in range(1, ATTEMPTS + 1):
            try:
                found: list[T] = self._ready(payload)(delayed(function)(payload, item) for item in items)
                break
            except self._losses() as error:
                self._shut()
                self._note_loss(error, attempt, len(items))
            except ImportError as error:
                raise TwokeyError(f"A worker of {self.where} has not the same Twokey installed: {error}.") from error
        self._after()
        return found

    def close(self) -> None:
        """Let the workers go."""
        self._shut()

    def _ready(self, payload: "Payload") -> Any:
        if self._open is None or self._payload is not payload:
            from joblib import Parallel

            self._shut()
            with ExitStack() as stack:
                stack.enter_context(self._backend(payload))
                self._parallel = stack.enter_context(Parallel(n_jobs=-1, batch_size=1))
                self._open = stack.pop_all()
            self._payload = payload
        return self._parallel

    def _shut(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None

    def _note_loss(self, error: BaseException, attempt: int, items: int) -> None:
        if attempt == ATTEMPTS:
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise TwokeyError(
                f"Workers of {self.where} died {ATTEMPTS} times over the same work ({reason}). What was finished is "
                "kept; give them more memory, then run the same command again."
            ) from error
        self.notes.append(f"A worker of {self.where} died; {items} combinations were given to others.")

    @abstractmethod
    def _backend(self, payload: "Payload") -> AbstractContextManager[None]:
        """The joblib backend that runs the calls."""

    @abstractmethod
    def _losses(self) -> tuple[type[BaseException], ...]:
        """What is raised when workers died."""

    def _after(self) -> None:  # noqa: B027 only Dask has something to look at
        """Look whether workers were lost without an error."""


class _Loky(_JoblibWorkers):
    def __init__(self) -> None:
        super().__init__()
        from joblib import cpu_count

        self.slots = cpu_count()

    def _backend(self, _payload: "Payload") -> AbstractContextManager[None]:
        return _backend("loky")  # a large payload is shared through a memory map

    def _losses(self) -> tuple[type[BaseException], ...]:
        from joblib.externals.loky.process_executor import BrokenProcessPool

        return (BrokenProcessPool,)


class _Dask(_JoblibWorkers):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.where = f"the cluster at {address}"
        self._client = _dask_client(address)
        self._seen = set(self._client.nthreads())
        self.slots = sum(self._client.nthreads().values())
        if not self.slots:
            self.close()
            raise InputError(f"The cluster at {address} has no workers. Start one: dask worker {address}.")

    def close(self) -> None:
        super().close()
        self._client.close()

    def _backend(self, payload: "Payload") -> AbstractContextManager[None]:
        return _backend("dask", client=self._client, scatter=[payload])

    def _losses(self) -> tuple[type[BaseException], ...]:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        return (KilledWorker, CancelledError, CommClosedError, TimeoutError)

    def _after(self) -> None:
        """Dask gives a dead worker's tasks to others by itself; only the list of workers tells."""
        now = set(self._client.nthreads())
        for address in sorted(self._seen - now):
            self.notes.append(f"The worker {address} left {self.where}; its combinations were given to others.")
        self._seen = now


class _Ray(_JoblibWorkers):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.where = f"the cluster at {address}"
        _connect_ray(address)
        import ray

        self.slots = int(ray.cluster_resources().get("CPU", 1))

    def close(self) -> None:
        super().close()
        import ray

        ray.shutdown()

    def _backend(self, _payload: "Payload") -> AbstractContextManager[None]:
        from ray.util.joblib import register_ray

        register_ray()
        return _backend("ray")

    def _losses(self) -> tuple[type[BaseException], ...]:
        from ray.exceptions import RayError

        return (RayError,)


@contextmanager
def _backend(name: str, **options: Any) -> Iterator[None]:
    from joblib import parallel_config

    with parallel_config(backend=name, **options):
        yield


def _dask_client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--cluster tcp://… needs Dask. Install twokey[cluster].") from None
    import logging

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is told in our own words

    def connect() -> Any:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]

    try:
        return _within(CONNECT_SECONDS + 1, connect)
    except (OSError, ValueError) as error:
        raise _no_answer(address) from error


def _within(seconds: float, connect: Callable[[], T]) -> T:
    """`connect()` on a thread: Dask's own timeout does not cover a port where somebody listens and never speaks.

    Raises:
        TimeoutError: no result after `seconds`.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(connect())
        except BaseException as error:  # noqa: BLE001 handed to whoever waits
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return outcome.result(timeout=seconds)


def _connect_ray(address: str) -> None:
    try:
        import ray
    except ImportError:
        raise InputError("--cluster ray://… needs Ray. Install twokey[ray].") from None
    try:
        ray.init(address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _no_answer(address) from error


def _no_answer(address: str) -> InputError:
    return InputError(
        f"The cluster at {address} does not answer. Check the address and that its scheduler runs; without --cluster "
        "the work is done on this machine."
    )
