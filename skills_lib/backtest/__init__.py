"""Backtests: strategies, executors, metrics, identity and stored runs."""

from skills_lib.backtest.quick_import import install

install()
