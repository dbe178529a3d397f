"""What a client of the exchange does, whatever carries its bytes: sockets and a clock, or the exchange in process."""
