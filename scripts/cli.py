"""The `twokey` command. Each group of verbs is one file beside this one; heavy imports wait for their verb."""

import sys

import typer

from scripts import (
    backtest,
    calibrate,
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
from scripts.console import complain
from skills_lib.domain.errors import TwokeyError

app = typer.Typer(
    name="twokey",
    help="Honest backtests for crypto strategies. Nothing trades until a person signs.",
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

_INTERRUPTED = 130


def main() -> None:
    """Run the command: exit 0 on success, 2 for bad input, 1 for failure, 130 when interrupted."""
    try:
        app()
    except TwokeyError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except SystemExit as left:
        if left.code == _INTERRUPTED:  # Typer has turned ctrl-C into this code
            complain("Interrupted. What arrived is kept; the same command goes on from there.")
        raise
    except OSError as error:
        complain(f"The machine refused: {error}. Free space or fix permissions, then run the command again.")
        sys.exit(1)
