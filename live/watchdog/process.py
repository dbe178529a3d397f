"""The watchdog's process: looks at the heartbeat every second, renews the exchange's timers, closes when it stops."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from live.account.closing.model import Closed, ClosingRequest
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.wire import S
from live.control.durable_files import write_durably
from live.control.folder import SessionFolder
from live.control.latch import set_latch
from live.emergency.stop import emergency_stop
from live.sockets.clock import steady_ns
from live.sockets.endpoints import VenueAddress
from live.sockets.running import run
from live.watchdog.countdown import RENEWED_NS, renew, switch_off
from live.watchdog.pulse import EVERY_NS, Heart, Pulse
from skills_lib import log
from skills_lib.domain.errors import InputError, TwokeyError

REASON: Final = "the heartbeat stopped"
_AGAIN_S: Final = 5


@dataclass
class Watchdog:
    """Watches one session. symbols: those that the daemon trades. silence_s: how long without a heartbeat."""

    folder: SessionFolder
    address: VenueAddress
    signer: Signer
    symbols: Sequence[str]
    silence_s: int
    _renewed_ns: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._pulse = Pulse(self.silence_s * S)
        self._stop = asyncio.Event()

    async def watch(self) -> None:
        """Watch until `stop`.

        Raises:
            InputError: the extra `live` is missing.
        """
        self._pulse.deal_with(self._last_dealt_with())
        while not self._stop.is_set():
            heart = self._pulse.look(self._heartbeat(), steady_ns())
            if heart is Heart.STOPPED:
                await self._close()
            elif heart is Heart.BEATING and steady_ns() >= self._renewed_ns + RENEWED_NS:
                await self._renew()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), EVERY_NS / S)
        with suppress(TwokeyError):
            await run(self.address, CallWriter(self.signer), lambda _: switch_off(self.symbols))

    def stop(self) -> None:
        """End in order; the account is left as it is."""
        self._stop.set()

    def _heartbeat(self) -> bytes | None:
        with suppress(OSError):
            return self.folder.heartbeat.read_bytes()
        return None

    async def _renew(self) -> None:
        self._renewed_ns = steady_ns()
        try:
            await run(self.address, CallWriter(self.signer), lambda _: renew(self.symbols))
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - the second line must not end the first
            log.info("timers were not renewed", error=f"{type(error).__name__}: {error}")

    async def _close(self) -> None:
        """Latch the session so that nothing trades again, then close; until it is proven, again and again."""
        content = self._pulse.content
        log.info(REASON, session=self.folder.name)
        self._latch()
        try:
            closed = await emergency_stop(
                self.address, self.signer, ClosingRequest("watchdog", named=tuple(self.symbols))
            )
        except InputError:
            raise
        except TwokeyError as error:
            log.info("closing failed", error=str(error))
            await asyncio.sleep(_AGAIN_S)
            return
        self._report(closed)
        if closed.flat:
            self._pulse.deal_with(content)
            self._keep(content or b"")

    def _latch(self) -> None:
        """A daemon that was only stopped for a while finds the file and closes as well; a start finds the latch."""
        with suppress(OSError):
            set_latch(self.folder, f"watchdog: {REASON}", time.time_ns())
        with suppress(OSError):
            self.folder.kill_file.touch()

    def _report(self, closed: Closed) -> None:
        names = [str(position) for position in closed.closed]
        log.info("closed", flat=closed.flat, closed=names, cancelled=len(closed.cancelled), left=list(closed.left))

    @property
    def _record(self) -> Path:
        return self.folder.root / "watchdog"

    def _keep(self, content: bytes) -> None:
        """Keep which heartbeat was dealt with: a watchdog that is started again does not close for it once more."""
        with suppress(OSError):
            write_durably(self._record, hashlib.sha256(content).hexdigest().encode())

    def _last_dealt_with(self) -> bytes | None:
        content = self._heartbeat()
        with suppress(OSError):
            if content is not None and self._record.read_bytes() == hashlib.sha256(content).hexdigest().encode():
                return content
        return None
