"""What round trips amount to: means with confidence intervals, costs that break even, markouts, and the verdict."""
