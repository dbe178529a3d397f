"""Pure words of the field: no clock, socket, file or random number is imported here."""
