"""The `twokey` command. Each group of commands is a module of this package and imports heavy libraries lazily."""

import typer

from scripts import (
    backtest,
    calibrate,
    check_strategy,
    data,
    ledger,
    new_strategy,
    optimize,
    record,
    scan,
    simulate,
    strategies,
    tape,
    validate,
)
from scripts.console import exit_codes

app = typer.Typer(
    name="twokey",
    help="Backtest and validate crypto strategies. Nothing trades until a person signs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(data.app, name="data")
app.add_typer(tape.app, name="tape")
backtest.register(app)
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


def main() -> None:
    """Run the command: exit 0 on success, 2 for bad input, 1 for failure, 130 when interrupted."""
    with exit_codes():
        app()
