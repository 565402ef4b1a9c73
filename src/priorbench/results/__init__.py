"""What an experiment leaves behind: tidy tables, their statistics, and published numbers.

Nothing here imports torch, and to import this package alone imports no pandas.
"""

from priorbench.results.catalogue import Catalogue
from priorbench.results.exact import exact_restorations

__all__ = ["Catalogue", "exact_restorations"]
