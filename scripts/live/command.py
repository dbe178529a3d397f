"""The group of verbs `twokey live`; each verb is in the module of its subject."""

import typer

from scripts.live import adopting, closing, control, faults, resolving, running, watchdog

app = typer.Typer(help="The trading engine, and what protects an account.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    for part in (running, control, adopting, resolving, closing, watchdog, faults):
        part.add_verbs(app)
    parent.add_typer(app, name="live")


@app.callback()
def _keep_group() -> None:
    """With a callback Typer keeps a single verb as a verb."""
