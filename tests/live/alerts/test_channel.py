"""Messages reach a real webhook through a real process, and what trades never waits for either."""

from live.alerts.channel import RESTART_NS, WAITING, AlertChannel
from live.alerts.notice import Notice, Severity
from tests.live.alerts.webhook import webhook

S = 1_000_000_000


def notice(code: str, at_ns: int = 0) -> Notice:
    return Notice(at_ns, code, "BTCUSDT", Severity.CRITICAL, "Everything is closed.")


def test_a_message_arrives_with_its_word_symbol_and_text() -> None:
    with webhook() as hook:
        channel = AlertChannel([hook.target])
        channel.send(notice("kill"))
        received = hook.received.get(timeout=30)
        channel.close(within_s=30)
    assert received["title"] == "Twokey, critical: kill BTCUSDT"
    assert received["message"] == "Everything is closed."
    assert received["type"] == "failure"
    assert (channel.counts.delivered, channel.counts.failed) == (1, 0)


def test_a_channel_that_refuses_is_counted_and_the_next_message_is_tried() -> None:
    with webhook(status=500) as hook:
        channel = AlertChannel([hook.target])
        channel.send(notice("kill"))
        hook.received.get(timeout=30)
        hook.status = 200
        channel.send(notice("mismatch"))
        hook.received.get(timeout=30)
        channel.close(within_s=30)
    assert (channel.counts.delivered, channel.counts.failed) == (1, 1)


def test_a_channel_that_hangs_holds_nothing_up_and_the_oldest_messages_are_dropped() -> None:
    with webhook(hold=True) as hook:
        channel = AlertChannel([hook.target])
        channel.send(notice("first"))
        hook.received.get(timeout=30)
        for number in range(5_000):  # more than the pipe to the process and the waiting messages hold
            channel.send(notice(f"code-{number}"))
        assert channel.counts.waiting == WAITING
        assert channel.counts.dropped > 0
        assert channel.counts.delivered == 0
        channel.close(within_s=0)


def test_a_process_that_died_is_started_again_and_its_messages_have_failed() -> None:
    with webhook(hold=True) as hook:
        channel = AlertChannel([hook.target])
        channel.send(notice("first"))
        hook.received.get(timeout=30)
        process = channel._process
        assert process is not None
        process.kill()
        process.wait(timeout=30)
        channel.work(S)
        assert channel.counts.failed == 1
        hook.held.set()
        channel.send(notice("early", RESTART_NS - 1))
        assert channel._process is None
        channel.work(RESTART_NS)
        assert hook.received.get(timeout=30)["title"].endswith("early BTCUSDT")
        channel.close(within_s=30)
    assert channel.counts.delivered == 1


def test_without_addresses_nothing_is_started() -> None:
    channel = AlertChannel([])
    channel.send(notice("kill"))
    channel.work(10**18)
    assert channel._process is None


def test_the_addresses_are_in_no_argument_of_the_process() -> None:
    import pathlib

    with webhook() as hook:
        channel = AlertChannel([hook.target + "/secret-of-the-hook"])
        channel.send(notice("kill"))
        hook.received.get(timeout=30)
        process = channel._process
        assert process is not None
        shown = pathlib.Path(f"/proc/{process.pid}/cmdline")
        assert not shown.exists() or b"secret" not in shown.read_bytes()
        channel.close(within_s=30)
