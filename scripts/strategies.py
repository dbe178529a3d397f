"""`twokey strategies`: what can be tested."""

from typing import Annotated

import typer

from scripts.console import print_json


def register(app: typer.Typer) -> None:
    """Add this file's verbs to the command."""
    app.command("strategies")(list_strategies)


def list_strategies(json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False) -> None:
    """List every strategy with its parameters; a file that cannot be imported is named with the reason."""
    print_json({"json": json})
