"""The exchange's rules without any I/O: inputs in, events out, time taken from the inputs."""
