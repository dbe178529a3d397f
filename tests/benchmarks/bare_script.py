"""The baseline: one backtest and its plot by backtesting.py alone. `bare_script.py CANDLES.csv PLOT.html`"""

import sys

import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest, crossover


def sma(values: pd.Series, length: int) -> pd.Series:
    """Simple moving average."""
    return pd.Series(values).rolling(length).mean()


class SmaCrossover(Strategy):
    """The crossover of backtesting.py's own quick start, long and short."""

    fast = 10
    slow = 30

    def init(self) -> None:
        self.fast_line = self.I(sma, self.data.Close, self.fast)
        self.slow_line = self.I(sma, self.data.Close, self.slow)

    def next(self) -> None:
        if crossover(self.fast_line, self.slow_line):
            self.buy()
        elif crossover(self.slow_line, self.fast_line):
            self.sell()


candles, plot = sys.argv[1:]
frame = pd.read_csv(candles, index_col="open_time", parse_dates=True)
frame.columns = [name.capitalize() for name in frame.columns]
backtest = FractionalBacktest(
    frame.tz_localize(None),
    SmaCrossover,
    fractional_unit=1e-8,
    cash=100_000,
    commission=0.002,
    exclusive_orders=True,
    finalize_trades=True,
)
stats = backtest.run()
backtest.plot(filename=plot, open_browser=False)
sys.stdout.write(f"{len(stats['_trades'])} {float(stats['Equity Final [$]'])!r}\n")
