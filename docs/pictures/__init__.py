"""The figures of the documentation: each is drawn by a function here, from a finished run."""
