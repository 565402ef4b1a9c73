"""What an experiment leaves behind: tidy tables, their statistics, and published numbers.

Nothing here imports torch, and to import this package alone imports no pandas.
"""

from priorbench.results.catalogue import Catalogue
from priorbench.results.exact import exact_restorations
from priorbench.results.loading import Results, load

__all__ = ["Catalogue", "Results", "exact_restorations", "load"]
