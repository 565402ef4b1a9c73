"""What a result depends on: code, the content of input files, versions of packages.

Nothing here runs the code that it looks at.
"""

from priorbench.provenance.contents import content_digests
from priorbench.provenance.dependencies import Dependencies, Packages, dependencies_of
from priorbench.provenance.factories import describe_factory
from priorbench.provenance.hashing import fingerprint
from priorbench.provenance.packages import versions

__all__ = [
    "Dependencies",
    "Packages",
    "content_digests",
    "dependencies_of",
    "describe_factory",
    "fingerprint",
    "versions",
]
