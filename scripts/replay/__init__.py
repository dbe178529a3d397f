"""`twokey replay`: its arguments, the runs that it stores and counts, and its answer."""
