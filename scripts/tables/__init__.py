"""What people see in a terminal: tables on standard output, ten lines rather than fifty."""
