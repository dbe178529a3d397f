"""Calls spread by joblib: what its backends share, and loky's processes of this machine."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from skills_lib.backtest.sweep.processors import limited
from skills_lib.domain.errors import TwokeyError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Payload = npt.NDArray[np.uint8]

T = TypeVar("T")

ATTEMPTS = 3
"""How often a batch is tried when workers die under it."""


class JoblibWorkers(ABC):
    """A joblib backend kept open between calls, and opened anew when its workers died."""

    where = "this machine"

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.slots = 1
        self._jobs = -1
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
                self._parallel = stack.enter_context(Parallel(n_jobs=self._jobs, batch_size=1))
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


class Loky(JoblibWorkers):
    """A process for each processor of this machine, or as many as the setting `workers` says; one is this process."""

    def __init__(self) -> None:
        super().__init__()
        from joblib import cpu_count

        self.slots = self._jobs = limited(cpu_count())

    def _backend(self, _payload: "Payload") -> AbstractContextManager[None]:
        return joblib_backend("loky")  # a large payload is shared through a memory map

    def _losses(self) -> tuple[type[BaseException], ...]:
        from joblib.externals.loky.process_executor import BrokenProcessPool

        return (BrokenProcessPool,)


@contextmanager
def joblib_backend(name: str, **options: Any) -> Iterator[None]:
    """joblib's backend of that name, for as long as it is open."""
    from joblib import parallel_config

    with parallel_config(backend=name, **options):
        yield
