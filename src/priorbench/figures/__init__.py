"""Figures: from tables or arrays to a matplotlib figure, without pyplot's state."""
