"""The emergency stop over sockets: alone, after defects, and as a process with its exit code."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from live.account.closing.model import Closed, ClosingRequest
from live.binance.signing import Signer
from live.control.folder import SessionFolder
from live.control.latch import latched
from live.emergency.stop import emergency_stop
from live.sockets.endpoints import TradingVenue, VenueAddress
from skills_lib.domain.errors import TwokeyError
from tests.command import Command
from tests.live.conftest import KEY, SECRET, Running, Serve
from tests.live.sockets.wires import Client, run_client
from tests.repository import ROOT

AT_ONCE = ClosingRequest("test", settled_ns=0)
SYMBOL = "BTCUSDT"


async def open_all(client: Client, running: Running) -> None:
    """A position, its stop and an order that rests."""
    running.play(20)
    await client.ready()
    order = {"symbol": SYMBOL, "side": "BUY", "quantity": "0.010"}
    algo = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "algoType": "CONDITIONAL"}
    for path, fields in (
        ("/fapi/v1/order", order | {"type": "MARKET"}),
        ("/fapi/v1/order", order | {"type": "LIMIT", "timeInForce": "GTC", "price": "59000.0"}),
        ("/fapi/v1/algoOrder", algo | {"triggerPrice": "50000.0", "closePosition": "true"}),
    ):
        answer = await client.send(client.signed("POST", path, **fields))
        assert answer is not None
        assert answer.status == 200, answer.body


def is_flat(running: Running) -> bool:
    """The truth."""
    state = running.venue.state
    (account,) = state.accounts.values()
    return not (account.held() or state.open_orders(account.name) or state.waiting_algos(account.name))


def test_an_account_is_closed_over_sockets(serve: Serve) -> None:
    async def scenario(client: Client, running: Running) -> None:
        await open_all(client, running)
        closed = await emergency_stop(client.wire.address, Signer(KEY, SECRET), AT_ONCE)
        assert (closed.flat, len(closed.cancelled), [str(one) for one in closed.closed]) == (True, 2, ["BTCUSDT 0.01"])
        assert is_flat(running)

    run_client(serve, scenario)


class Breaks(tuple[str, ...]):
    """Names whose first reading fails: a defect in the middle of a closing."""

    error: Exception = ZeroDivisionError("planted")
    readings = 0

    def __iter__(self) -> Iterator[str]:
        self.readings += 1
        if self.readings == 1:
            raise self.error
        return iter(())


def test_a_defect_in_the_middle_does_not_end_it(serve: Serve) -> None:
    """A kill handler raised, and orders kept coming."""
    names = Breaks()

    async def scenario(client: Client, running: Running) -> None:
        await open_all(client, running)
        asked = replace(AT_ONCE, named=names)
        closed = await emergency_stop(client.wire.address, Signer(KEY, SECRET), asked)
        assert closed.flat
        assert is_flat(running)

    run_client(serve, scenario)
    assert names.readings > 1


def test_errors_that_a_person_can_act_on_are_not_repeated(serve: Serve) -> None:
    names = Breaks()
    names.error = TwokeyError("nothing to do")

    async def scenario(client: Client, running: Running) -> None:
        with pytest.raises(TwokeyError, match="nothing to do"):
            await emergency_stop(client.wire.address, Signer(KEY, SECRET), replace(AT_ONCE, named=names))

    run_client(serve, scenario)
    assert names.readings == 1


def test_an_exchange_that_cannot_be_reached_ends_it_without_a_claim() -> None:
    async def stopped() -> Closed:
        address = VenueAddress.of(TradingVenue.SIMULATOR, "127.0.0.1:9")
        return await emergency_stop(address, Signer(KEY, SECRET), ClosingRequest("test", give_up_ns=500_000_000))

    closed = asyncio.run(stopped())
    assert (closed.flat, closed.verified_reads, closed.closed) == (False, 0, ())
    assert "/fapi/v3/positionRisk did not answer" in closed.left


def test_as_processes_drill_and_stop_answer_one_object_and_their_exit_codes_say_how_it_went(
    serve: Serve, tmp_path: Path
) -> None:
    async def done(running: Running, *arguments: str) -> tuple[int, Any]:
        program = "from scripts.cli import main; main()"
        command = (sys.executable, "-c", program, "live", arguments[0], "--host", running.host, "--json")
        process = await asyncio.create_subprocess_exec(
            *command,
            *arguments[1:],
            cwd=ROOT,
            env=os.environ | {"TWOKEY_HOME": str(tmp_path)},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return int(process.returncode or 0), json.loads(out)

    async def scenario(client: Client, running: Running) -> None:
        await open_all(client, running)
        code, answer = await done(running, "drill")
        assert (code, answer["passed"], answer["shadow"]) == (0, True, ["BTCUSDT 0.01"]), answer
        code, answer = await done(running, "emergency-stop", "--symbols", "ETHUSDT", "--session", "paper")
        assert (code, answer["flat"], answer["verified_reads"], answer["cancelled"]) == (0, True, 2, 2)
        assert answer["latched"] == ["paper"]
        assert latched(SessionFolder.of(tmp_path, "paper")), "its daemon does not come back trading"
        assert answer["seconds"] < answer["verified_after_seconds"]
        assert is_flat(running)

    run_client(serve, scenario)


def test_mainnet_is_not_armed_and_no_socket_is_opened(twokey: Command) -> None:
    done = twokey("live", "emergency-stop", "--venue", "mainnet")
    assert done.code == 1
    assert "mainnet is not armed" in done.err


def test_a_venue_that_does_not_exist_is_refused(twokey: Command) -> None:
    done = twokey("live", "emergency-stop", "--venue", "dem")
    assert done.code == 2
    assert "Did you mean 'demo'?" in done.err
