"""The live feed: sockets, snapshots, silence and clocks of the public streams."""
