"""A client whose process was stopped for a while reads the position before it sends an order."""

from pathlib import Path

import pytest

from live.client.wire import S, TakeAnswer
from live.wire import HttpRequest
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.lives import WatchedWire

ORDER, POSITION = ("POST", "/fapi/v1/order"), ("GET", "/fapi/v3/positionRisk")


def test_after_a_freeze_no_order_leaves_before_the_position_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted, asked = Hosted(tmp_path / "1aaaaaa.journal"), []
    hosted.play_until_held()
    send = hosted.wire.request

    def request(made: HttpRequest, take: TakeAnswer) -> None:
        asked.append((made.method, made.target.partition("?")[0]))
        send(made, take)

    monkeypatch.setattr(hosted.wire, "request", request)
    monkeypatch.setattr(WatchedWire, "freezes", 1)  # virtual time stops no process
    hosted.run.stop("test")
    hosted.play_until_over(60 * S)
    assert asked.index(POSITION) < asked.index(ORDER)
    assert hosted.end.answer.flat
    assert not hosted.holds
