"""Orders of a run: sending them, what answers and reports prove, and the fills they bring."""
