"""The denoisers of deepinv as priors of priorbench."""
