"""Workers on other machines: Dask's at `tcp://…` and Ray's at `ray://…`, both through joblib."""

import logging
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from skills_lib.backtest.sweep.local_workers import JoblibWorkers, joblib_backend
from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.domain.options import option

if TYPE_CHECKING:
    from skills_lib.backtest.sweep.local_workers import Payload

T = TypeVar("T")

CONNECT_SECONDS = 10
_SESSION_ATTEMPTS = 3


class Dask(JoblibWorkers):
    """The workers of the scheduler at a `tcp://` address.

    Raises:
        InputError: it does not answer, has no workers, or Dask is not installed.
    """

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
        return joblib_backend("dask", client=self._client, scatter=[payload])

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


class Ray(JoblibWorkers):
    """The processors of the Ray cluster at a `ray://` address.

    Raises:
        InputError: it does not answer, does not take work, or Ray is not installed.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self.where = f"the cluster at {address}"
        _connect_ray(address)
        import ray

        self.slots = int(ray.cluster_resources().get("CPU", 1))
        self._sent: tuple[Payload | None, Any] = None, None

    def run(self, function: "Callable[[Payload, Any], T]", payload: "Payload", items: Sequence[Any]) -> list[T]:
        import ray

        if self._sent[0] is not payload:
            self._sent = payload, ray.put(payload)
        try:
            return super().run(partial(_with_payload_of_ray, function), self._sent[1], items)
        except Exception as error:  # once the connection is lost, cleaning up raises this and that
            if ray.util.client.ray.is_connected():
                raise
            self._open = None  # nothing is left there to be shut
            raise TwokeyError(
                f"Lost {self.where}. What was finished is kept; run the same command again when it is back, or "
                f"without {option('cluster')}."
            ) from error

    def close(self) -> None:
        self._sent = None, None
        super().close()
        import ray

        ray.shutdown()

    def _backend(self, _payload: "Payload") -> AbstractContextManager[None]:
        from ray.util.joblib import register_ray

        register_ray()
        return joblib_backend("ray")

    def _losses(self) -> tuple[type[BaseException], ...]:
        from ray.exceptions import (
            NodeDiedError,
            ObjectLostError,
            OutOfMemoryError,
            RayActorError,
            WorkerCrashedError,
        )

        return (RayActorError, WorkerCrashedError, NodeDiedError, ObjectLostError, OutOfMemoryError)


def _with_payload_of_ray(function: "Callable[[Payload, Any], T]", reference: Any, item: Any) -> T:
    """`function(payload, item)` where the payload lies in the store of the worker's machine."""
    import ray

    return function(ray.get(reference), item)


def _dask_client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(f"{option('cluster', 'tcp://…')} needs Dask. Install twokey[cluster].") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is reported in one line of our own

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
    os.environ.setdefault(
        "RAY_ENABLE_AUTO_CONNECT", "0"
    )  # else a lost cluster is replaced by a new one on this machine
    for name in ("INITIAL", "MAX"):  # Ray tries three times, and reads these when it is imported
        os.environ.setdefault(f"RAY_CLIENT_{name}_CONNECTION_TIMEOUT_S", str(CONNECT_SECONDS // 3))
    try:
        import ray
    except ImportError:
        raise InputError(f"{option('cluster', 'ray://…')} needs Ray. Install twokey[ray].") from None
    try:
        _start_session(ray, address)
    except (ConnectionAbortedError, RuntimeError) as error:  # also where it has another version of Ray or Python
        text = str(error).strip()
        reason = text.splitlines()[-1] if "Traceback" in text else " ".join(text.split())
        raise InputError(f"The cluster at {address} answers, but does not take work: {reason}") from error
    except (ConnectionError, ValueError) as error:
        raise _no_answer(address) from error


def _start_session(ray: Any, address: str) -> None:
    """Connect; again where Ray stumbled over a session before this one that was just ending."""
    for attempt in range(1, _SESSION_ATTEMPTS + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what matters is reported in one line of our own
                ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
            return
        except ConnectionAbortedError:
            if attempt == _SESSION_ATTEMPTS:
                raise


def _no_answer(address: str) -> InputError:
    return InputError(
        f"The cluster at {address} does not answer. Check the address and that its scheduler runs; without "
        f"{option('cluster')} the work is done on this machine."
    )
