"""Funding flows: a bank account beside deposits and withdrawals at an exchange. See docs/flows.md."""
