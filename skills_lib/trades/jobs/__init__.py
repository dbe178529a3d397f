"""Work on a schedule, in a process of its own: projection, synchronisation, the daily report."""
