"""The venue's rules without any input or output: events in, events out, time from the event."""
