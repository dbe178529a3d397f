"""The `twokey` command. Each group of verbs is a module of this package and imports heavy libraries lazily.

Importing every module and building every verb takes as long as answering one, so only the module of the verb that is
called is imported.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.main import get_command

from scripts.console import exit_codes, print_unexpected
from scripts.every_verb import complete, listen_to_environment, logged
from scripts.invocation import command_name
from scripts.options import SettingsDefaults

VERBS = {
    "data": "data",
    "tape": "tape",
    "demo": "demo",
    "test-strategy": "backtest",
    "runs": "backtest",
    "compare": "backtest",
    "tear-sheet": "tear_sheet",
    "optimize": "optimize",
    "walk-forward": "optimize",
    "validate": "validate",
    "monte-carlo": "validate",
    "calibrate": "calibrate",
    "ledger": "ledger",
    "record": "record",
    "scan": "scan",
    "simulate": "simulate",
    "replay": "replay.command",
    "torture": "torture",
    "journal": "journal",
    "why": "why",
    "trades": "trades",
    "jobs": "jobs",
    "flows": "flows",
    "explain": "explain",
    "store": "store",
    "live": "live.command",
    "strategies": "strategies",
    "new-strategy": "new_strategy",
    "check-strategy": "check_strategy",
    "compile": "compile",
    "init": "workspace",
    "doctor": "workspace",
}
"""Each verb, in the order of the help (groups come last there), and the module that registers it."""


def make_app(verb: str | None = None) -> typer.Typer:
    """The command with the verbs of the module of `verb`; with all where there is no such verb."""
    app = typer.Typer(
        name="twokey",
        help="Backtest and validate crypto strategies. Nothing trades until a person signs.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # rich formatting of the help takes longer to import than all else that it needs
        add_completion=False,
    )
    app.callback()(_keep_verbs)
    modules = [VERBS[verb]] if verb in VERBS else dict.fromkeys(VERBS.values())
    for module in modules:
        import_module(f"scripts.{module}").register(app)
    return app


def _keep_verbs() -> None:
    """With a callback Typer keeps a single verb as a verb."""


def command(verb: str | None = None) -> Any:
    """The command as `make_app` makes it, with what every verb has."""
    built = get_command(make_app(verb))
    complete(built)
    return built


def main() -> None:
    """Run the command, and leave with an exit code of docs/command-line.md."""
    sys.excepthook = print_unexpected
    with logged(), exit_codes():
        listen_to_environment()
        called = command(next((word for word in sys.argv[1:] if not word.startswith("-")), None))
        sys.exit(called.main(prog_name=command_name(), standalone_mode=False, default_map=SettingsDefaults()))
