"""The engine on recorded tapes in virtual time, and what its round trips say of the edge after costs."""
