"""Fast layers for one image on the CPU: their own gradients, in bands of rows that fit the cache.

:func:`fuse` lets a network made of :mod:`priorbench.networks.layers` use them.
"""

from .modules import fuse

__all__ = ["fuse"]
