"""Many combinations of one strategy: evaluators that return a matrix of metrics, on threads, processes or a cluster."""
