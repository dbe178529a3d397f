"""Short answers for programs: what matters of a result, below 8 kB, with the path of the file that has the whole."""
