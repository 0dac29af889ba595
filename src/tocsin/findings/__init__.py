"""What is to be done: one open problem of one constituent, made of observations."""
