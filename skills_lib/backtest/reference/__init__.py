"""The reference executor: backtesting.py, with a broker that follows docs/execution-rules.md."""
