"""A field of Student-t experts as a patch prior of priorbench."""
