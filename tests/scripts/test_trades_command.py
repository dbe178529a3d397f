"""`twokey trades` at a running local exchange and on the journals of a workspace."""

import asyncio
from pathlib import Path

from live.simulator.sockets.server import Server, serving
from live.simulator.tape_source import TapeSource
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.settings import Settings
from tests.command import Command
from tests.live.journal.examples import write_example
from tests.live.simulator.http_requests import HttpClient
from tests.live.simulator.tapes import write_tape
from tests.live.simulator.venue_client import BY_HAND


def test_an_account_is_synchronised_over_http_and_its_trades_listed(twokey: Command, tmp_path: Path) -> None:
    assert twokey("store", "init").code == 0

    async def run() -> None:
        tape = write_tape(tmp_path / "btcusdt.ts_jsonl")
        server = Server(BY_HAND, TapeSource().read(read_lines(tape)))
        async with serving(server) as host, HttpClient(host) as client:
            for side in ("BUY", "SELL", "BUY"):
                await client.market(side)
            done = await asyncio.to_thread(twokey, "trades", "sync", "binance", "--host", host, "--json")
            found = done.answer
            assert found["fetched"] == found["inserted"] > 0
            assert (found["discrepancies"], found["symbols"], found["compared"]) == ([], ["BTCUSDT"], True)
            assert [one["symbol"] for one in found["positions"]] == ["BTCUSDT"]
            shown = await asyncio.to_thread(twokey, "trades", "sync", "binance", "--host", host)
            assert "0 new, 0 changed" in shown.out
            assert "0 discrepancies." in shown.out

    asyncio.run(run())
    first = twokey("trades", "list", "--limit", "1", "--json").answer
    assert [one["status"] for one in first["trades"]] == ["closed"]
    second = twokey("trades", "list", "--limit", "1", "--after", first["after"], "--json").answer
    assert [one["status"] for one in second["trades"]] == ["open"]
    assert second["after"] == ""
    assert twokey("trades", "list", "--strategy", "imbalance", "--json").answer["trades"] == []


def test_journals_of_the_workspace_are_projected_and_a_damaged_one_is_named(twokey: Command) -> None:
    twokey("store", "init")
    folder = Settings().home / "live" / "sessions" / "first" / "journals"
    folder.mkdir(parents=True)
    write_example(folder / "r1.journal")
    assert twokey("store", "status", "--json").answer["backlog"] == 10
    found = twokey("trades", "project", "--json").answer
    assert (found["records"], found["failed"], found["backlog"]["records"]) == (10, [], 0)
    (folder / "r2.journal").write_bytes((folder / "r1.journal").read_bytes().replace(b'"r1"', b'"r2"'))
    done = twokey("trades", "project", "--json")
    assert (done.code, [Path(one["journal"]).name for one in done.answer["failed"]]) == (1, ["r2.journal"])


def test_wrong_input_is_one_line(twokey: Command) -> None:
    twokey("store", "init")
    for words, part in (
        (("sync", "kraken"), "Allowed: binance"),
        (("sync", "binance"), "TWOKEY_READER_API_KEY"),
        (("sync", "binance", "--host", "10.0.0.1:80"), "no address of a local exchange"),
        (("list", "--after", "[1]"), "--after is not what a page said"),
    ):
        done = twokey("trades", *words)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert part in done.err
