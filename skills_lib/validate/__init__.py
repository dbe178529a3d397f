"""What keeps a backtest honest: sweeps judged by their neighbourhoods, and walk-forward."""
