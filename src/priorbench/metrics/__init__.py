"""The measures of a restoration, by what they need: arrays, torch, the problem."""
