"""The second gate: checks each outgoing order once more, by a ledger of its own. Shares only limits with risk."""
