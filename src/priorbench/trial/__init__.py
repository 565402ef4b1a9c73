"""A first look at a prior: the new one beside three others, on a few images, by the stages."""
