"""The daemon of the soak: `python -m tests.live.soak.daemon HOST SESSION SPEED`, as `twokey live run` starts it.

Its clock goes as fast as the tape, which no option of the command allows.
"""

import asyncio
import sys

from live.alerts.channel import AlertChannel
from live.binance.signing import Signer
from live.control.folder import SessionFolder
from live.daemon.logs import open_log
from live.daemon.process import DaemonProcess
from live.daemon.settings import DaemonSettings
from live.engine.limits import Executor, effective
from live.engine.settings import ImbalanceSettings
from live.money import SCALE
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.sockets.endpoints import TradingVenue, VenueAddress
from skills_lib.settings import Settings

CAPITAL = 40_000 * SCALE
STRATEGY = ImbalanceSettings(max_spread_bps=2 * SCALE, max_age_ms=5_000, cooldown_ms=20_000, hold_ms=20_000)
POSITION = 1_000 * SCALE
"""So small that hundreds of trades, each of which costs its fees, stay within the day's loss."""


def main(host: str, session: str, speed: int) -> int:
    """Trade until stopped; the exit code."""
    address = VenueAddress.of(TradingVenue.SIMULATOR, host)
    limits = effective(Executor.SCALP, CAPITAL, {"position": POSITION})
    settings = DaemonSettings(TradingVenue.SIMULATOR, address, ("BTCUSDT",), CAPITAL, limits, STRATEGY, speed=speed)
    home = Settings().home
    log = open_log(home / "live" / "logs", session)
    folder, signer = SessionFolder.of(home, session), Signer(DEFAULT_KEY, DEFAULT_SECRET)
    return asyncio.run(DaemonProcess(settings, folder, signer, log, AlertChannel(()), _say).run())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
