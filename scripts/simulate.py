"""`twokey simulate`: run a local Binance USD-M exchange on a tape or on live public streams."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.console import print_error
from scripts.limits import within
from scripts.next_step import command, print_ending
from scripts.simulator_options import Fills, Latency, credential_of, delays_of, speed_of, tls_context
from scripts.tape_argument import tape_of
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import upper_symbol

if TYPE_CHECKING:
    from ssl import SSLContext

    from live.simulator.faults import FaultPlan
    from live.simulator.latency import Distribution
    from live.simulator.matching_engine import CarriedOut
    from live.simulator.settings import SimulatorSettings
    from live.simulator.sockets.server import Server
    from live.simulator.tape_source import TapeSource


class StartWhen(StrEnum):
    """When the tape begins to play."""

    FIRST_STREAM = "first-stream"
    FIRST_REQUEST = "first-request"
    NOW = "now"


class Countdown(StrEnum):
    """Whose time countdowns count."""

    TAPE = "tape"
    CLIENT = "client"


class FeedName(StrEnum):
    """Live feeds."""

    BINANCE = "binance"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    tape: Annotated[
        Path | None,
        typer.Option(callback=tape_of, help="A tape: a file, a recorded folder, or sample."),
    ] = None,
    feed: Annotated[FeedName | None, typer.Option(help="Use live public streams instead of a tape.")] = None,
    symbols: Annotated[str, typer.Option(help="With --feed: symbols to follow, such as BTCUSDT,ETHUSDT.")] = "BTCUSDT",
    port: Annotated[
        int, typer.Option(callback=within(0, 65_535), help="Port of REST and WebSockets; 0 picks a free one.")
    ] = 9001,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    speed: Annotated[
        str, typer.Option(help="Multiple of real time, such as 0.5 or 250, or max (as fast as the clients read).")
    ] = "1",
    start: Annotated[
        StartWhen, typer.Option(help="Start the tape with the first market stream, the first request, or now.")
    ] = StartWhen.FIRST_STREAM,
    seed: Annotated[int, typer.Option(help="Seed of latencies and listen keys.")] = 0,
    fills: Annotated[Fills, typer.Option(help="Fill model: pessimistic, base or optimistic.")] = Fills.PESSIMISTIC,
    latency: Latency = "assumed",
    faults: Annotated[
        str | None, typer.Option(help="A fault plan in TOML or JSON, built-in names such as late_visible, or list.")
    ] = None,
    balance: Annotated[str, typer.Option(help="Starting balance of the account in USDT.")] = "10000",
    api_key: Annotated[str, typer.Option(help="API key of the account.")] = "paper-key",
    api_secret: Annotated[str, typer.Option(help="API secret of the account.")] = "paper-secret",
    api_public_key: Annotated[
        Path | None, typer.Option(help="PEM file of the Ed25519 public key that signs in place of the secret.")
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(help="PEM file of a certificate, with which https and wss alone are served."),
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of that certificate's private key.")] = None,
    countdown_clock: Annotated[
        Countdown, typer.Option(help="Time that countdownCancelAll counts: the tape's or the client's.")
    ] = Countdown.TAPE,
    exchange_info: Annotated[Path | None, typer.Option(help="A saved exchangeInfo whose filters to use.")] = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="After Ctrl-C, replay the orders under all three fill models and print the results."
        ),
    ] = False,
    session: Annotated[
        str | None, typer.Option(help="Store accounts and orders under this name.", show_default="with --feed: paper")
    ] = None,
) -> None:
    """Serve a local Binance USD-M exchange until Ctrl-C. Only --feed uses the network, to read public streams.

    Example: twokey simulate --tape FILE --port 9001 --speed max --seed 7
    """
    if faults == "list":
        _list_faults()
        return
    if (tape is None) == (feed is None):
        raise InputError("Specify either --tape FILE or --feed binance.")
    settings = _settings(
        speed=speed_of(speed),
        seed=seed,
        start=start.value,
        model=fills.value,
        balance=balance,
        credential=credential_of(api_key, api_secret, api_public_key),
        countdown_clock=countdown_clock.value,
        delays=delays_of(latency),
        faults=faults,
        exchange_info=exchange_info,
        session="paper" if session is None and feed else session,
        live=feed is not None,
    )
    followed = tuple(upper_symbol(symbol) for symbol in symbols.split(",") if symbol.strip())
    carried_out = _serve(settings, tape, followed, host, port, tls_context(tls_cert, tls_key))
    if report and tape is not None:
        _report(settings, tape, carried_out)
    print_ending(command("scan", "--tape", tape) if tape else command("record", *followed))


def _list_faults() -> None:
    from live.simulator.faults.catalogue import VARIANTS, purpose
    from scripts.tables.screen import Screen

    screen = Screen()
    for name, fault in VARIANTS.items():
        screen.flow([name, purpose(type(fault))] if name == fault.kind else [name])
    print_ending(command("simulate", "--tape", "sample", "--faults", "late_visible"))


def _plan(text: str | None) -> "FaultPlan":
    from live.simulator.faults import FaultPlan, built_in_plan, read_plan

    if text is None:
        return FaultPlan()
    path = Path(text)
    return read_plan(path) if path.suffix or path.exists() else built_in_plan(text)


def _report(settings: "SimulatorSettings", tape: Path, carried_out: "list[CarriedOut]") -> None:
    from live.simulator.replay import replay_fill_models
    from scripts.tables.screen import Screen

    screen = Screen()
    for result in replay_fill_models(settings, tape, carried_out):
        screen.flow(part for part in result.line().split("  ") if part)


def _settings(delays: "Distribution", **chosen: Any) -> "SimulatorSettings":
    try:
        from live.simulator.settings import CountdownClock, SimulatorSettings, Start
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed. Run pip install 'twokey[live]'.") from None
    from live.money import parse
    from live.simulator.core.fill_models import FillModel
    from live.simulator.listed_symbols import built_in, from_file
    from live.simulator.session_names import SessionName
    from skills_lib.settings import Settings

    try:
        parse(chosen["balance"])
    except ValueError:
        raise InputError(
            f"--balance {chosen['balance']} is not an amount. Write USDT such as 10000 or 2500.50."
        ) from None
    session, info = chosen["session"], chosen["exchange_info"]
    return SimulatorSettings(
        speed=chosen["speed"],
        seed=chosen["seed"],
        model=FillModel(chosen["model"]),
        start=Start(chosen["start"]),
        balance=chosen["balance"],
        credentials=(chosen["credential"],),
        countdown_clock=CountdownClock(chosen["countdown_clock"]),
        inbound=delays,
        outbound=delays,
        faults=_plan(chosen["faults"]),
        listed=built_in() | (from_file(info) if info else {}),
        store=SessionName(session).file(Settings().home) if session is not None else None,
        live=chosen["live"],
    )


def _serve(
    settings: "SimulatorSettings",
    tape: Path | None,
    symbols: tuple[str, ...],
    host: str,
    port: int,
    tls: "SSLContext | None",
) -> "list[CarriedOut]":
    import asyncio
    import signal

    from live.simulator.sockets.server import Server, serving
    from live.simulator.tape_source import TapeSource
    from skills_lib.market.depth.tape.lines import read_lines

    async def run() -> "list[CarriedOut]":
        source = TapeSource()
        lines = source.read(read_lines(tape)) if tape else iter(())
        server = Server(settings, lines)
        stopped = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
        async with serving(server, host, port, tls) as address:
            _print_refused(source)
            await _until_stopped(server, symbols, address, stopped, "s" if tls else "")
        _print_refused(source)
        print_error(f"Stopped after {server.venue.engine.lines:,} messages, {source.bad_lines} of them unreadable.")
        return server.venue.engine.carried_out

    return asyncio.run(run())


def _print_refused(source: "TapeSource") -> None:
    """Say which lines of the tape were not played, and why."""
    for reason, count in source.refused.items():
        print_error(f"! {count:,} lines: {reason}.")
    source.refused.clear()


async def _until_stopped(server: "Server", symbols: tuple[str, ...], address: str, stopped: Any, secure: str) -> None:
    """Wait for Ctrl-C, or until the player or the feed fails."""
    import asyncio

    def ready() -> None:
        key = server.venue.settings.credentials[0]
        where = f"http{secure}://{address} and ws{secure}://{address}"
        print_error(f"Local Binance USD-M listening on {where}. API key {key.api_key}.")

    waiting = [asyncio.ensure_future(stopped.wait()), *([server.playing] if server.playing else [])]
    if server.venue.settings.live:
        from live.simulator.sockets.live_feed import feed_settings, follow

        waiting.append(asyncio.ensure_future(follow(server, feed_settings(symbols), ready)))
    else:
        ready()
    done, running = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in running:
        task.cancel()
    for task in done:
        task.result()
