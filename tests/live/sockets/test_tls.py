"""Encrypted connections to the local exchange: REST and WebSockets, and certificates that are refused."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from live.account.closing.model import ClosingRequest
from live.binance.calls import Call
from live.binance.signing import Signer
from live.client.order_connection import OrderConnection
from live.emergency.stop import emergency_stop
from live.sockets.endpoints import TradingVenue, VenueAddress
from live.sockets.loop_wire import SocketWire
from live.sockets.tls import refused_certificate
from live.wire import HttpResponse
from tests.command import Command
from tests.live.conftest import KEY, SECRET, Serve
from tests.live.sockets.certificates import DAY, Authority
from tests.live.sockets.test_loop_wire import ORDER
from tests.live.sockets.wires import TIMEOUT_S, Client, Listening
from tests.repository import ROOT

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another_name": ({"name": "exchange.example"}, "IP address mismatch"),
    "expired": ({"name": "127.0.0.1", "valid": -DAY}, "certificate has expired"),
    "self_signed": ({"name": "127.0.0.1", "self_signed": True}, "self-signed certificate"),
}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def address_of(host: str) -> VenueAddress:
    """The address of an exchange that serves TLS."""
    return VenueAddress.of(TradingVenue.SIMULATOR, f"https://{host}")


def test_requests_streams_and_orders_go_over_tls(serve: Serve, authority: Authority) -> None:
    async def scenario() -> None:
        errors: list[Exception] = []
        async with serve(tls=authority.context("127.0.0.1")) as running:
            address = address_of(running.host)
            assert await refused_certificate(address) == ""
            async with SocketWire(address, errors.append) as wire:
                client, listening, found = Client(wire, errors), Listening(), list[HttpResponse | None]()
                running.play(30)
                answer = await client.send(client.signed("POST", "/fapi/v1/order", **ORDER, newClientOrderId="a"))
                assert answer is not None
                assert json.loads(answer.body)["clientOrderId"] == "a"
                wire.connect("/public/stream?streams=btcusdt@depth@100ms", listening)
                assert await listening.given.get() == "opened"
                orders = OrderConnection(wire, client.calls)
                orders.start()
                while not orders.up:
                    await client.ready()
                assert orders.send(Call("DELETE", "/fapi/v1/order", CANCEL), found.append)
                while not found:
                    await client.ready()
                assert found[0] is not None
                assert json.loads(found[0].body)["status"] == "CANCELED"
        assert errors == []

    asyncio.run(asyncio.wait_for(scenario(), TIMEOUT_S))


CANCEL = {"symbol": "BTCUSDT", "origClientOrderId": "a"}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_certificate_that_is_not_right_is_refused_in_one_line_and_nothing_is_sent(
    kind: str, serve: Serve, authority: Authority
) -> None:
    shape, why = REFUSED[kind]

    async def scenario() -> None:
        async with serve(tls=authority.context(**shape)) as running:
            address, listening, errors = address_of(running.host), Listening(), list[Exception]()
            text = await refused_certificate(address)
            assert text.startswith(f"The certificate of {running.host} is refused: {why}")
            assert "\n" not in text
            async with SocketWire(address, errors.append) as wire:
                wire.connect("/public/stream?streams=btcusdt@depth@100ms", listening)
                assert await listening.given.get() == "closed"
                assert await Client(wire, errors).get("/fapi/v1/time") is None
            asked = ClosingRequest("test", give_up_ns=500_000_000)
            closed = await emergency_stop(address, Signer(KEY, SECRET), asked)
            assert (closed.flat, text in closed.left) == (False, True)
            assert running.venue.gateway.limits.used("127.0.0.1", running.venue.gateway.clock.now_ms()) == 0
            assert not running.venue.connections.open

    asyncio.run(asyncio.wait_for(scenario(), TIMEOUT_S))


def test_a_daemon_says_why_it_does_not_start(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    async def scenario() -> str:
        async with serve(tls=authority.context("exchange.example")) as running:
            words = ("live", "run", "--host", f"https://{running.host}")
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "from scripts.cli import main; main()", *words),
                env=os.environ | {"TWOKEY_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "runtime")},
                cwd=ROOT,
                stderr=asyncio.subprocess.PIPE,
            )
            _, err = await process.communicate()
            assert process.returncode == 1
            return err.decode()

    assert "is refused: IP address mismatch" in asyncio.run(asyncio.wait_for(scenario(), 3 * TIMEOUT_S))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--tls-cert", "a.pem"), "go together"),
        (("--tls-cert", "a.pem", "--tls-key", "b.pem"), "No such file"),
        (("--tls-cert", "127.0.0.1.pem", "--tls-key", "other.key"), "no pair"),
    ],
)
def test_the_files_of_a_server_are_checked(
    words: tuple[str, ...], why: str, twokey: Command, tmp_path: Path, generated_tape: Path
) -> None:
    authority = Authority(tmp_path)
    authority.serves("127.0.0.1")
    authority.serves("other")
    given = [str(tmp_path / word) if "." in word else word for word in words]
    done = twokey("simulate", "--tape", str(generated_tape), *given)
    assert (done.code, why in done.err) == (2, True), done.err
