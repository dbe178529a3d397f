"""The page of a replay. It renders and computes no figures."""
