"""The journal of a run: its format, a reader and a verifier. `docs/journal.md` specifies it."""
