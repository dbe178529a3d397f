"""Foreign code in a process of its own: started fresh, with a time limit, without keys, ended without being asked."""
