"""`twokey init` and `twokey doctor`: make a workspace, and see what holds in the current one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_whole, progress_bar
from scripts.options import AsJson

if TYPE_CHECKING:
    from skills_lib.installation.doctor.model import Diagnosis

_MARKS = {"ok": " ", "note": "·", "broken": "!"}


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
    if json:
        print_whole({"folder": str(done.folder), "made": list(done.made), "kept": list(done.kept)})
        return
    typer.echo(f"{done.folder} is a workspace: {len(done.made)} made, {len(done.kept)} kept as they were.")
    for name in done.kept:
        typer.echo(f"  kept {name}")
    typer.echo(f"Next: cd {done.folder} && .venv/bin/twokey test-strategy BTC 1h sma_crossover")


def doctor(json: AsJson = False) -> None:
    """Print which workspace, ledger and settings hold, and each problem with its remedy. Exit code 1 if one is broken.

    Values of settings are shown with the place they come from; credentials in addresses are not. Nothing is changed.

    Example: twokey doctor
    """
    from skills_lib.installation.doctor.examine import examine

    with progress_bar(not json) as progress:
        found = examine(progress)
    if json:
        print_whole({"broken": found.is_broken, **found.model_dump(mode="json")})
    else:
        _print(found)
    if found.is_broken:
        raise typer.Exit(1)


def _print(found: "Diagnosis") -> None:
    for finding in found.findings:
        typer.echo(f"{_MARKS[finding.state]} {finding.topic:<18} {finding.found}")
        if finding.remedy:
            typer.echo(f"    {finding.remedy}")
    for setting in found.settings:
        typer.echo(f"  {setting.name:<18} {setting.value or '(none)'}  from {setting.source}")
    problems = sum(finding.state == "broken" for finding in found.findings)
    typer.echo("Nothing is broken." if not problems else f"{problems} broken: lines with ! and the remedy below.")
