"""Loads the candles that a stored run was made on."""

from datetime import timedelta
from pathlib import Path

import pandas as pd

from skills_lib.backtest.model import BacktestResult
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option
from skills_lib.market.candles import CandleArguments, Source
from skills_lib.settings import Settings


def candles_of(run: BacktestResult, data: Path | None, settings: Settings) -> Bars:
    """The bars of `run`, checked by their hash; `data`: the file with them, by default they come from the cache.

    Raises:
        InputError: `data` or the cache does not hold them.
        SourceUnavailableError: the cache has none.
    """
    until = pd.Timestamp(run.end) + timedelta(seconds=1)
    source = Source.SAMPLE if run.synthetic else Source.CACHE
    arguments = CandleArguments(run.symbol, run.timeframe, run.start, until.isoformat(), source.value, data=data)
    bars = arguments.answer(settings).bars
    if bars.digest() != run.data_sha256:
        where = data.name if data else f"the {source.value}"
        raise InputError(
            f"The candles of {where} are not those of run {run.run_id}. Give their file with {option('data')}."
        )
    return bars
