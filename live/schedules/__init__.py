"""The engine against the local exchange under seeded plans of faults, with every invariant checked after every step."""
