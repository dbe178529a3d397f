"""The command to run next, which every verb prints as its last line and returns as `next` with --json.

After a result that failed, the next step is another idea: never lower costs or other parameters for the same one.
"""

import inspect
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer

from scripts.invocation import NAME, command_name
from scripts.options import SettingsDefaults

if TYPE_CHECKING:
    from skills_lib.answers.model import Answer

A = TypeVar("A", bound="Answer")

FIRST_RUN = ("test-strategy", "BTC", "1h", "sma_crossover")
_VERBS = {"backtest_strategy": "test-strategy", "walk_forward": "walk-forward"}
"""Names of the verbs whose functions are called otherwise."""
_WORDS = frozenset({"strategy", "symbol", "timeframe", "json"})


class Meter(Protocol):
    """A trial meter: `TrialMeter`, or that of a replay."""

    @property
    def text(self) -> str: ...

    def model_dump(self) -> dict[str, Any]: ...


def command(*words: object) -> str:
    """A command line of `twokey`, which every output shows as it is typed here."""
    return f"{NAME} {shlex.join(str(word) for word in words)}"


def ended(answer: A, step: str, meter: Meter | None = None) -> A:
    """The answer with its next command and, where it searched, its trial meter."""
    shown = {} if meter is None else {"trial_meter": meter.model_dump()}
    return answer.model_copy(update={"next": step, **shown})


def print_ending(step: str, meter: Meter | None = None) -> None:
    """Print the trial meter, where the verb searched, and as the last line the next command, never wrapped."""
    if meter is not None:
        from scripts.tables.screen import Screen

        Screen().text(f"Trials  {meter.text}", "dim")
    typer.echo(f"next: {command_name()}{step.removeprefix(NAME)}")


def carried(verb: Callable[..., None], given: Mapping[str, Any], target: Callable[..., None]) -> list[str]:
    """The options `given` to `verb` that `target` also takes, apart from those that it had by default or setting."""
    accepted = inspect.signature(target).parameters.keys() - _WORDS
    settings = SettingsDefaults().get(_VERBS.get(verb.__name__, verb.__name__)) or {}
    words: list[str] = []
    for name, parameter in inspect.signature(verb).parameters.items():
        if name in accepted and given[name] not in (None, settings.get(name, parameter.default)):
            words += _option(name, given[name])
    return words


def parameter_options(parameters: Mapping[str, object]) -> list[str]:
    """`--param` for each value."""
    return [word for name, value in parameters.items() for word in ("--param", f"{name}={value}")]


def new_idea(kind: str = "breakout") -> str:
    """Write another strategy, under the first name of my_idea, my_idea_2, ... that is not in use."""
    import strategies
    from skills_lib.settings import Settings

    used, folder = set(strategies.available()), Settings().home
    places = ("strategies/{}.py", "tests/strategies/test_{}.py", "docs/strategies/{}.md")
    number, name = 1, "my_idea"
    while name in used or any((folder / place.format(name)).exists() for place in places):
        number += 1
        name = f"my_idea_{number}"
    return command("new-strategy", name, "--kind", kind)


def first_run() -> str:
    """A backtest of a bundled strategy."""
    return command(*FIRST_RUN)


def _option(name: str, value: Any) -> Iterable[str]:
    flag = f"--{name.replace('_', '-')}"
    if value is True:
        return [flag]
    values = value if isinstance(value, list) else [value]
    return [word for one in values for word in (flag, str(one))]
