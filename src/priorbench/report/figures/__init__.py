"""Figures: each file has one function from tables or arrays to a matplotlib figure, without pyplot's state."""
