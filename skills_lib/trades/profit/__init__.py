"""Profit and loss of fills: round trips, FIFO and average cost, fees in other assets. Pure and exact: no float."""
