"""`twokey init` and `twokey doctor`: make a workspace, and see what holds in the current one."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.next_step import command, ended, first_run, print_ending
from scripts.options import AsJson

if TYPE_CHECKING:
    from skills_lib.installation.doctor.model import Diagnosis

_MARKS = {"ok": "-", "note": "·", "broken": "!"}
_STYLES = {"ok": "", "note": "dim", "broken": "bold red"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("doctor")(doctor)


def init(
    folder: Annotated[
        Path, typer.Argument(help="The folder to make into a workspace; made if it is not there.")
    ] = Path(),
    json: AsJson = False,
) -> None:
    """Make a workspace: settings, skills, agents, MCP servers, and the command in `.venv`. Nothing is overwritten.

    Example: twokey init my_research
    """
    from skills_lib.installation.new_workspace import make_workspace

    done = make_workspace(folder.expanduser().absolute())
    after = f"cd {shlex.quote(str(done.folder))} && .venv/bin/twokey test-strategy BTC 1h sma_crossover"
    if json:
        from skills_lib.answers.workspace import InitAnswer

        answer = InitAnswer(folder=done.folder, made=list(done.made), kept=list(done.kept))
        print_answer(ended(answer, after), "init", is_stored=False)
        return
    from scripts.tables.screen import Screen

    screen = Screen()
    screen.path("Workspace", done.folder)
    screen.text(f"{len(done.made)} files made, {len(done.kept)} kept as they were.")
    for name in done.kept:
        screen.path("  kept", name)
    screen.path("next:", after)


def doctor(json: AsJson = False) -> None:
    """Print which workspace, ledger and settings hold, and each problem with its remedy. Exit code 1 if one is broken.

    Values of settings are shown with the place they come from; credentials in addresses are not. Nothing is changed.

    Example: twokey doctor
    """
    from skills_lib.installation.doctor.examine import examine

    with progress_bar(not json) as progress:
        found = examine(progress)
    after = command("doctor") if found.is_broken else first_run()
    if json:
        from skills_lib.answers.workspace import DoctorAnswer

        print_answer(ended(DoctorAnswer.of(found), after), "doctor", is_stored=False)
    else:
        _print(found)
        print_ending(after)
    if found.is_broken:
        raise typer.Exit(1)


def _print(found: "Diagnosis") -> None:
    from scripts.tables.layout import Cell, Column
    from scripts.tables.screen import Screen

    screen = Screen()
    for finding in found.findings:
        screen.text(f"{_MARKS[finding.state]} {finding.topic}: {finding.found}", _STYLES[finding.state], indent="    ")
        if finding.remedy:
            screen.text(f"    {finding.remedy}", indent="    ")
    rows = [[Cell(setting.name), Cell(setting.value or "–"), Cell(setting.source)] for setting in found.settings]
    if rows:
        screen.table([Column("setting"), Column("value"), Column("from")], rows)
    problems = sum(finding.state == "broken" for finding in found.findings)
    screen.text("Nothing is broken." if not problems else f"{problems} broken: lines with ! and the remedy below.")
