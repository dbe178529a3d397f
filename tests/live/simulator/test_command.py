"""`twokey simulate` as a process, its input errors, and a simulator on a live feed."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from live.simulator.faults import VARIANTS
from live.simulator.latency import ASSUMED, read_delays
from live.simulator.sockets.live_feed import feed_settings, follow
from live.simulator.sockets.server import Server
from skills_lib.domain.errors import InputError
from tests.command import Command
from tests.live.conftest import Serve
from tests.live.simulator.endless import endless, playing
from tests.live.simulator.http_requests import TIMEOUT_S, HttpClient
from tests.live.simulator.tapes import TapeWriter, write_tape
from tests.live.simulator.venue_client import BY_HAND
from tests.repository import ROOT


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of the command and the first line it prints."""
    program = "from scripts.cli import main; main()"
    command = [sys.executable, "-c", program, "simulate", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ.copy()) as process:
        assert process.stderr
        try:
            yield process, process.stderr.readline()
        finally:
            process.send_signal(signal.SIGINT)


def test_it_prints_its_address_serves_and_ends_with_ctrl_c(generated_tape: Path, workspace: object) -> None:
    with started("--tape", str(generated_tape), "--port", "0", "--speed", "max", "--seed", "7") as (process, greeting):
        address = greeting.split("http://")[1].split(" ")[0]
        with urllib.request.urlopen(f"http://{address}/fapi/v1/depth?symbol=BTCUSDT&limit=5") as answer:
            assert len(json.loads(answer.read())["bids"]) == 5
        process.send_signal(signal.SIGINT)
        assert process.stderr
        assert "Stopped after" in process.stderr.read()
        assert process.wait(TIMEOUT_S) == 0


@pytest.fixture
def interrupt_after_timeout() -> Iterator[None]:
    """Interrupt a server that should not have started."""
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    signal.alarm(TIMEOUT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("interrupt_after_timeout")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --tape FILE or --feed binance"),
        (["--tape", "nothing.gz"], "No tape at nothing.gz"),
        (["--tape", "TAPE", "--faults", "nothing.toml"], "is not a fault plan"),
        (["--tape", "TAPE", "--faults", "explode"], "There is no fault explode"),
        (["--tape", "TAPE", "--faults", "drop,"], "There is no fault"),
        (["--tape", "TAPE", "--faults", "PLAN"], "symbol ETHBTC, which this exchange does not have"),
        (["--tape", "TAPE", "--balance", "much"], "--balance much is not an amount"),
        (["--tape", "TAPE", "--latency", "slow"], "slow is not a list of delays"),
        (["--tape", "TAPE", "--exchange-info", "README.md"], "is not a saved exchangeInfo"),
        (["--tape", "SPOT"], "spot market"),
        (["--tape", "EMPTY"], "no snapshot that matches its updates"),
    ],
)
def test_bad_input_ends_with_one_line(
    twokey: Command, tmp_path: Path, generated_tape: Path, arguments: list[str], message: str
) -> None:
    spot, empty = tmp_path / "spot.jsonl", tmp_path / "empty.jsonl"
    lines = list(TapeWriter().lines(5))
    spot.write_text("\n".join(line.replace('"pu":', '"no":') for line in lines), encoding="utf-8")
    empty.write_text("\n".join(lines[1:]), encoding="utf-8")
    plan = tmp_path / "plan.toml"
    plan.write_text('[[faults]]\nkind = "adl"\nsymbol = "ETHBTC"\n', encoding="utf-8")
    files = {"PLAN": str(plan), "TAPE": str(generated_tape), "SPOT": str(spot), "EMPTY": str(empty)}
    done = twokey("simulate", "--port", "0", *(files.get(argument, argument) for argument in arguments))
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1


def test_the_built_in_faults_are_listed_without_a_tape(twokey: Command) -> None:
    done = twokey("simulate", "--faults", "list")
    assert done.code == 0
    assert [name for name in VARIANTS if name not in done.out.replace("\n", " ").split(" ")] == []
    assert "--faults" in done.out + done.err


@pytest.mark.usefixtures("interrupt_after_timeout")
def test_a_port_in_use_is_named(twokey: Command, generated_tape: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = twokey("simulate", "--tape", str(generated_tape), "--port", str(port))
    assert (done.code, f"Port {port} of 127.0.0.1 is not free" in done.err) == (2, True)


def test_measured_delays_are_interpolated_between_their_quantiles(tmp_path: Path) -> None:
    path = tmp_path / "delays.json"
    path.write_text("[3000000, 1000000, 2000000]", encoding="utf-8")
    found = read_delays(path)
    assert [found.at(part) for part in (0, 250_000, 500_000, 1_000_000)] == [1_000_000, 1_500_000, 2_000_000, 3_000_000]
    assert ASSUMED.at(500_000) == 6_000_000
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="at least two"):
        read_delays(path)


def test_filters_of_an_unlisted_symbol_are_inferred_from_its_decimals(serve: Serve, tmp_path: Path) -> None:
    async def run() -> None:
        tape = write_tape(tmp_path / "sui.ts_jsonl", updates=30, symbol="SUIUSDT")
        async with serve(tape=tape) as running, HttpClient(running.host) as client:
            [symbol] = (await client.request("GET", "/fapi/v1/exchangeInfo")).body["symbols"]
            filters = {entry["filterType"]: entry for entry in symbol["filters"]}
            assert (symbol["symbol"], symbol["baseAsset"]) == ("SUIUSDT", "SUI")
            assert (filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]) == ("0.1", "0.1")

    asyncio.run(run())


def test_a_simulator_on_a_live_feed_trades_on_its_books(serve: Serve) -> None:
    pytest.importorskip("picows", reason="the live feed needs the extra live")

    async def scenario() -> None:
        venue = Server(BY_HAND, endless(TapeWriter()))
        async with playing(venue) as host, serve(live=True, speed=1) as paper, HttpClient(paper.host) as client:
            assert (await client.request("GET", "/fapi/v1/depth", symbol="BTCUSDT")).body["code"] in (-1121, -1001)
            ready = asyncio.Event()
            following = asyncio.ensure_future(follow(paper.server, feed_settings(("BTCUSDT",), host), ready.set))
            await ready.wait()
            assert (await client.market()).body["status"] == "FILLED"
            trades = (await client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body
            assert sum(Decimal(trade["qty"]) for trade in trades) == Decimal("0.010")  # the best level may hold less
            following.cancel()

    async def run() -> None:
        await asyncio.wait_for(scenario(), TIMEOUT_S)

    asyncio.run(run())
