"""What the local exchange does and on what evidence: `areas` (behaviours) and `rules` (rules of Binance's pages)."""
