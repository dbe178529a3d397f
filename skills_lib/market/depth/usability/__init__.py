"""Whether a live book may be used now, and if not, why: one answer from every check of its streams."""
