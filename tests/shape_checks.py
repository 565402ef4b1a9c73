"""Checks of annotations while the tests run: shapes by jaxtyping, all else by beartype.

They are on where ``PRIORBENCH_CHECK_SHAPES`` is set. Tests of many small tensors take twice as long.
"""

import os

import jaxtyping
from beartype import BeartypeConf, beartype

PACKAGES = (
    "priorbench.data.tensors",
    "priorbench.metrics",
    "priorbench.networks",
    "priorbench.numerics",
    "priorbench.operators",
    "priorbench.problem",
    "priorbench.solvers",
    "priorbench.tasks",
    "plugins.filters",
    "plugins.gmm",
    "plugins.independent",
    "plugins.non_local",
    "plugins.observed",
    "plugins.transforms",
    "plugins.variational",
)

IS_ON = bool(os.environ.get("PRIORBENCH_CHECK_SHAPES"))

# An int may stand for a float, as for every type checker.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))


def install() -> None:
    """Check every call of the functions of ``PACKAGES``, which must not be imported yet."""
    jaxtyping.install_import_hook(PACKAGES, "tests.shape_checks.checked")
