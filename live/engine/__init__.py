"""The trading engine without input or output: events in, actions out. Time comes from events."""
