"""Experiments that were run in parts, on several machines, brought together in one.

:func:`priorbench.merging.merge.merge` does it, or refuses and says what does not fit.
"""
