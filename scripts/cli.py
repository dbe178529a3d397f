"""The `twokey` command. Each group of commands is a module of this package and imports heavy libraries lazily."""

import sys
from typing import Any

import typer
from typer.main import get_command

from scripts import (
    backtest,
    calibrate,
    check_strategy,
    compile,
    data,
    demo,
    ledger,
    new_strategy,
    optimize,
    record,
    scan,
    simulate,
    strategies,
    tape,
    tear_sheet,
    validate,
    workspace,
)
from scripts.console import exit_codes, print_unexpected
from scripts.every_verb import complete, listen_to_environment, logged
from scripts.invocation import command_name
from scripts.options import SettingsDefaults

app = typer.Typer(
    name="twokey",
    help="Backtest and validate crypto strategies. Nothing trades until a person signs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich formatting of the help takes longer to import than all else that it needs
    add_completion=False,
)
app.add_typer(data.app, name="data")
app.add_typer(tape.app, name="tape")
demo.register(app)
backtest.register(app)
tear_sheet.register(app)
optimize.register(app)
validate.register(app)
calibrate.register(app)
ledger.register(app)
record.register(app)
scan.register(app)
simulate.register(app)
strategies.register(app)
new_strategy.register(app)
check_strategy.register(app)
compile.register(app)
workspace.register(app)


def command() -> Any:
    """The whole command, with what every verb has."""
    built = get_command(app)
    complete(built)
    return built


def main() -> None:
    """Run the command, and leave with an exit code of docs/command-line.md."""
    sys.excepthook = print_unexpected
    with logged(), exit_codes():
        listen_to_environment()
        sys.exit(command().main(prog_name=command_name(), standalone_mode=False, default_map=SettingsDefaults()))
