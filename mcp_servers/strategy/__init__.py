"""The `strategy` server, the only one that writes code: it can be left out without losing the others."""
