"""What `twokey replay` was asked: checked, identified by data, code and parameters, and turned into a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scripts.replay.sweep import combinations
from scripts.simulator_options import delays_of
from scripts.tape_argument import tape_of
from skills_lib.domain.assignments import parse_assignments
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import upper_symbol

if TYPE_CHECKING:
    from live.replay.conditions import Conditions
    from live.replay.study.model import ReplayedStrategy
    from live.replay.study.parallel import OpenReplays
    from live.replay.study.study import Candidate, StudiedTape, StudyRequest
    from live.replay.study.variants import Variant


@dataclass(frozen=True, kw_only=True)
class ReplayArguments:
    """The arguments of the command as typed."""

    tapes: tuple[Path, ...]
    symbol: str
    param: tuple[str, ...]
    capital: str
    limit: tuple[str, ...]
    limits_file: Path | None
    fills: str
    latency: str
    seed: int
    sweep: tuple[str, ...]
    random_runs: int
    delay_s: float


class PreparedReplay(NamedTuple):
    """The study that was asked for, and what opens its tapes."""

    request: "StudyRequest"
    opens: "OpenReplays"


def prepare(arguments: ReplayArguments) -> PreparedReplay:
    """Check all arguments and hash the tapes, before anything is decoded.

    Raises:
        InputError: an argument that is not allowed, or a tape that is not there.
    """
    from live.replay.arguments import conditions_of
    from live.replay.engine_replays import EngineReplays
    from live.replay.study.comparisons import ControlArguments
    from live.replay.study.study import StudyRequest
    from skills_lib.market.depth.tape.sample import is_synthetic

    limits = parse_assignments(arguments.limit, "limit", "daily_loss=200")
    conditions = conditions_of(
        upper_symbol(arguments.symbol), arguments.capital, limits, arguments.limits_file, arguments.seed
    )
    base, candidates = _variants(arguments)
    paths = _tape_paths(arguments.tapes)
    tapes = tuple(_studied(path) for path in paths)
    strategy = _strategy(arguments, conditions, base)
    request = StudyRequest(
        id=_id(arguments, tapes, strategy, candidates),
        synthetic=any(is_synthetic(path) for path in paths),
        tapes=tapes,
        strategy=strategy,
        base=base,
        candidates=candidates,
        controls=ControlArguments(arguments.random_runs, round(arguments.delay_s * 1e9), arguments.seed),
        seed=arguments.seed,
    )
    settings = [base.settings, *(one.settings for one in candidates)]
    return PreparedReplay(request, partial(EngineReplays, paths, conditions, settings))


def _variants(arguments: ReplayArguments) -> "tuple[Variant, tuple[Candidate, ...]]":
    """The variant of the given parameters, and the combinations of the sweep."""
    from live.replay.arguments import settings_of
    from live.replay.study.study import Candidate
    from live.replay.study.variants import Variant
    from live.simulator.core.fill_models import FillModel

    given, swept = parse_assignments(arguments.param), combinations(arguments.sweep)
    if both := sorted(given.keys() & (swept[0].keys() if swept else ())):
        raise InputError(f"{both[0]} is given by --param and by --sweep. Give it once.")
    candidates = tuple(Candidate(one, settings_of(given | one)) for one in swept)
    settings = settings_of(given)
    latency = delays_of(arguments.latency)
    return Variant(settings=settings, fills=FillModel(arguments.fills), latency=latency), candidates


def _strategy(arguments: ReplayArguments, conditions: "Conditions", base: "Variant") -> "ReplayedStrategy":
    from live.engine.limits import described
    from live.replay.arguments import shown
    from live.replay.study.model import ReplayedStrategy
    from live.replay.study.variants import median_ms

    return ReplayedStrategy(
        symbols=(conditions.symbol,),
        settings=shown(base.settings),
        limits=described(conditions.limits),
        capital=arguments.capital,
        fills=arguments.fills,
        latency=arguments.latency,
        latency_ms=median_ms(base.latency),
        seed=arguments.seed,
    )


def _id(
    arguments: ReplayArguments,
    tapes: "Sequence[StudiedTape]",
    strategy: "ReplayedStrategy",
    candidates: "Sequence[Candidate]",
) -> str:
    """From the bytes of the tapes, the code, and every argument as the engine takes it, names of files apart."""
    from live.replay.identity import code_sha256, replay_id

    asked = strategy.model_dump(mode="json") | {
        "latency": repr(delays_of(arguments.latency)),
        "sweep": [one.parameters for one in candidates],
        "controls": [arguments.random_runs, arguments.delay_s],
    }
    return replay_id([tape.sha256 for tape in tapes], code_sha256(), asked)


def _studied(path: Path) -> "StudiedTape":
    from live.replay.identity import tape_sha256
    from live.replay.study.study import StudiedTape

    return StudiedTape(path.name, tape_sha256(path))


def _tape_paths(named: Sequence[Path]) -> list[Path]:
    """The tapes that are named.

    Raises:
        InputError: one is not there, or is named twice.
    """
    found: list[Path] = []
    for path in named:
        tape = tape_of(path)
        if tape is None or not tape.exists():
            raise InputError(f"There is no tape {path}. Give a file, a recorded folder, or sample.")
        if any(tape.samefile(other) for other in found):
            raise InputError(f"The tape {path} is given twice: its trades would count twice. Give each once.")
        found.append(tape)
    return found
