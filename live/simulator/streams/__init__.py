"""Market and user streams: what is published, to whom, and how it is worded."""
