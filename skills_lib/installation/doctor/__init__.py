"""`twokey doctor`: looks at everything that an answer depends on, and gives a remedy with each problem."""
