"""`twokey live run`: the daemon, in this terminal until it ends."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import exit_codes
from scripts.limits import within
from scripts.live.options import Host, Venue
from scripts.live.strategies import IMBALANCE
from scripts.next_step import command, print_ending
from scripts.simulator_options import EngineParam, Limit, LimitsFile

if TYPE_CHECKING:
    from live.binance.signing import Signer
    from live.client.order_connection import OrdersBy
    from live.daemon.settings import DaemonSettings


def add_verbs(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(run)


def run(
    venue: Venue = "simulator",
    host: Host = "127.0.0.1:9001",
    symbol: Annotated[str, typer.Option(help="Symbols to trade, such as BTCUSDT,ETHUSDT.")] = "BTCUSDT",
    capital: Annotated[str, typer.Option(help="Capital in the margin asset, which the limits follow from.")] = "10000",
    limit: Limit = None,
    limits_file: LimitsFile = None,
    strategy: Annotated[
        str, typer.Option(help="imbalance, or a strategy of the workspace, which decides at the close of each bar.")
    ] = IMBALANCE,
    timeframe: Annotated[str, typer.Option(help="Bars of a strategy of the workspace, such as 1m or 1h.")] = "1h",
    param: EngineParam = None,
    setting: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE of a run on bars, such as stop_bps=150; repeatable.")
    ] = None,
    orders_by: Annotated[
        str | None,
        typer.Option(help="How orders go: rest or websocket.", show_default="setting orders_by, or rest"),
    ] = None,
    bar_time_limit: Annotated[
        float | None,
        typer.Option(
            callback=within(0.1, 60),
            help="Seconds a strategy on bars has for each decision; then its process is ended and started again.",
            show_default="setting bar_time_limit_s, or 5",
        ),
    ] = None,
    session: Annotated[str, typer.Option(help="Name of the session.", show_default="the venue")] = "",
) -> None:
    """Trade on the local exchange until stopped: by ctrl-C, `twokey live stop` or `twokey live kill`.

    Every start is a recovery: what a process before it has left open is looked after first. mainnet is not armed.

    Example: twokey live run --venue simulator --host 127.0.0.1:9001 --symbol BTCUSDT --limit daily_loss=200
    """
    from live.daemon.settings import DaemonSettings
    from live.start.given_limits import amount_of, limits_of
    from scripts.live.options import opened_venue, venue_of
    from scripts.live.strategies import chosen_strategy
    from skills_lib.domain.assignments import parse_assignments
    from skills_lib.settings import Settings

    address, signer = opened_venue(venue, host)
    amount = amount_of("capital", capital)
    limits = parse_assignments(limit or [], "limit", "daily_loss=200")
    limit_s = bar_time_limit or Settings().bar_time_limit_s
    chosen = chosen_strategy(strategy, timeframe, param or [], setting or [], limit_s)
    settings = DaemonSettings(
        venue_of(venue),
        address,
        _symbols(symbol),
        amount,
        limits_of(chosen.executor, amount, limits, limits_file),
        chosen.settings,
        program=chosen.program,
        orders_by=_orders_by(orders_by),
    )
    code = _trade(settings, signer, session or venue)
    print_ending(command("live", "status"))
    if code:
        raise typer.Exit(code)


def _symbols(text: str) -> tuple[str, ...]:
    from skills_lib.domain.errors import InputError
    from skills_lib.domain.instruments import upper_symbol

    symbols = tuple(dict.fromkeys(upper_symbol(name.strip()) for name in text.split(",") if name.strip()))
    if not symbols:
        raise InputError("No symbol is named. Give one or more, such as BTCUSDT,ETHUSDT.")
    return symbols


def _orders_by(name: str | None) -> "OrdersBy":
    from live.client.order_connection import OrdersBy
    from skills_lib.domain.errors import InputError, did_you_mean
    from skills_lib.settings import Settings

    allowed, found = [way.value for way in OrdersBy], name or Settings().orders_by
    if found not in allowed:
        meant = did_you_mean(found, allowed)
        raise InputError(f"--orders-by {found[:40]} is not allowed. Give one of {', '.join(allowed)}.{meant}")
    return OrdersBy(found)


def _trade(settings: "DaemonSettings", signer: "Signer", session: str) -> int:
    import asyncio
    import os

    from live.alerts.channel import AlertChannel
    from live.alerts.targets import VARIABLE, targets_of
    from live.control.folder import SessionFolder
    from live.daemon.logs import open_log
    from live.daemon.process import DaemonProcess
    from skills_lib.settings import Settings

    home = Settings().home
    folder = SessionFolder.of(home, session)
    alerts = AlertChannel(targets_of(os.environ.get(VARIABLE, "")))
    log = open_log(home / "live" / "logs", session)
    daemon = DaemonProcess(settings, folder, signer, log, alerts, _say)
    with exit_codes():
        return asyncio.run(daemon.run())


def _say(text: str) -> None:
    """A line for whoever watches the terminal; nobody has to."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        pass
