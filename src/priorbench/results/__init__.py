"""What an experiment leaves behind: tidy tables, statistics, and the record of the machine.

No torch, and no pandas here: every job writes the record of its machine.
"""

from priorbench.results.catalogue import Catalogue
from priorbench.results.exact import exact_restorations

__all__ = ["Catalogue", "exact_restorations"]
