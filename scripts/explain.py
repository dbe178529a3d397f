"""`twokey explain`: a session against the replay of its books, trade by trade."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.limits import within
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson
from scripts.simulator_options import Fills, Latency
from scripts.tape_argument import TAPE_HELP

if TYPE_CHECKING:
    from live.explain.explanation import Explanation
    from skills_lib.answers.explanations import ExplanationAnswer

LIMITS = (
    "The replay is a model of the exchange, so a difference is one between a session and a model. A middle price is "
    "that of the book which a decision rested on; what rests in the queue is not seen on a tape."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="A session's name, or the journal of a run.")],
    tape: Annotated[Path, typer.Option(help=f"The books that the session saw. {TAPE_HELP}")],
    fills: Annotated[Fills, typer.Option(help="Fill model of the replay.")] = Fills.PESSIMISTIC,
    latency: Latency = "assumed",
    seed: Annotated[int, typer.Option(callback=within(0, 2**31 - 1), help="Seed of latencies.")] = 7,
    json: AsJson = False,
) -> None:
    """Say where the result of a session differs from the replay of the same books, in basis points.

    The parts (signal, latency, queue, fee, funding, missed) add up to the difference exactly.

    Example: twokey explain simulator --tape FILE
    """
    from live.explain.replaying_session import ReplayConditions, explain_session
    from live.simulator.core.fill_models import FillModel
    from scripts.simulator_options import delays_of
    from scripts.tape_argument import tape_of

    journal = _journal_of(session)
    conditions = ReplayConditions(fills=FillModel(fills.value), latency=delays_of(latency), seed=seed)
    books = tape_of(tape)
    assert books is not None
    with progress_bar(shown=not json) as progress:
        found = explain_session(journal, books, conditions, progress)
    after = command("journal", "show", journal, "--kind", "order_intent")
    answer = _answer(journal, books, found)
    if json:
        print_answer(ended(answer, after), "explain")
        return
    from scripts.tables.explain import print_explanation

    print_explanation(answer, LIMITS)
    print_ending(after)


def _journal_of(session: str) -> Path:
    """A file as it is, or the newest journal of a session of the workspace.

    Raises:
        InputError: neither.
    """
    from live.control.folder import SessionFolder, sessions
    from skills_lib.domain.errors import InputError
    from skills_lib.settings import Settings

    if Path(session).is_file():
        return Path(session)
    home = Settings().home
    folder = SessionFolder.of(home, session)
    journals = sorted(folder.journals.glob("*.journal"), key=lambda path: path.stat().st_mtime_ns)
    if not journals:
        names = ", ".join(one.name for one in sessions(home)) or "none"
        raise InputError(f"'{session}' is no file, and no session with a journal. Sessions: {names}.")
    return journals[-1]


def _answer(journal: Path, tape: Path, found: "Explanation") -> "ExplanationAnswer":
    from live.money import plain
    from skills_lib.answers.explanations import ExplainedTradeLine, ExplanationAnswer

    def parts(values: object) -> dict[str, str]:
        return {name: plain(getattr(values, name)) for name in ExplanationAnswer.PARTS}

    lines = tuple(
        ExplainedTradeLine(
            symbol=pair.symbol,
            side=pair.side,
            session=pair.session,
            replay=pair.replay,
            session_net_bps=plain(pair.session_net),
            replay_net_bps=plain(pair.replay_net),
            difference_bps=plain(pair.difference),
            parts_bps=parts(pair.parts),
            exits=(pair.session_exit, pair.replay_exit),
        )
        for pair in found.pairs
    )
    return ExplanationAnswer(
        difference_bps=plain(found.difference),
        parts_bps=parts(found.parts),
        session_net_bps=plain(found.session_net),
        replay_net_bps=plain(found.replay_net),
        both=sum(bool(line.session and line.replay) for line in lines),
        session_only=sum(not line.replay for line in lines),
        replay_only=sum(not line.session for line in lines),
        outside=found.outside,
        incomplete=found.incomplete,
        journal=journal.absolute(),
        tape=str(tape),
        limits=LIMITS,
        trades=lines,
    )
