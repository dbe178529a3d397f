"""The daemon under schedules of faults and deaths of its process, in virtual time."""
