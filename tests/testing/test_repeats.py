"""The library's own check finds what can't be seeded, and passes what can."""

from pathlib import Path
from typing import Any

import pytest

from priorbench.plugins.manager import load_plugins
from priorbench.testing import check_repeats

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

ROOT = Path(__file__).parents[2]
PLUGIN = """
    import os, random
    import numpy as np
    import torch
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Learned, Prior, Restoration

    class Seeded(Prior):
        # All of these are seeded by the library.
        def restore(self, problem, context):
            shift = random.random() + np.random.rand() + float(torch.rand(()))
            shift += float(torch.rand((), generator=context.generator))
            return Restoration(problem.y + shift)

    class Urandom(Prior):
        def restore(self, problem, context):
            return Restoration(problem.y + os.urandom(1)[0] / 255)

    class Unseeded(Prior):
        def restore(self, problem, context):
            return Restoration(problem.y + np.random.default_rng().random())

    class Sets(Prior):
        def restore(self, problem, context):
            order = "".join({"anisotropic", "bilinear", "cubic", "dual", "elastic", "fractal"})
            return Restoration(problem.y + order.index("bilinear") / 1000)

    class Remembers(Prior):
        def __init__(self):
            self.generator = np.random.default_rng(0)

        def restore(self, problem, context):
            return Restoration(problem.y + self.generator.random())

    class FitsUnseeded(Prior, Learned):
        def fit(self, images, context):
            self.shift = torch.tensor([np.random.default_rng().random()])
            yield {"iteration": 0}

        def state_dict(self):
            return {"shift": self.shift}

        def load_state_dict(self, state):
            self.shift = state["shift"]

        def restore(self, problem, context):
            return Restoration(problem.y)

    class Raises(Prior):
        def restore(self, problem, context):
            raise ArithmeticError("no")

    @hookimpl
    def register_priors():
        for kind in (Seeded, Urandom, Unseeded, Sets, Remembers, Raises):
            yield PriorSpec(name=kind.__name__.lower(), factory=kind, summary="for a test")
        yield PriorSpec(name="fits", factory=FitsUnseeded, summary="for a test", learns=True)
"""


@pytest.mark.parametrize(
    ("prior", "reason"),
    [
        pytest.param("urandom", "os.urandom", marks=pytest.mark.exhaustive),
        ("unseeded", "default_rng() without a seed"),
        pytest.param("sets", "order of a set", marks=pytest.mark.exhaustive),
        pytest.param("remembers", "restored before", marks=pytest.mark.exhaustive),
    ],
)
def test_what_does_not_repeat_is_found_and_its_cause_named(
    bench: Any, prior: str, reason: str
) -> None:
    bench.plugin("odd", PLUGIN)
    (result,) = check_repeats(["plugins"], prior, tasks=["denoise"])
    assert result.is_broken and result.status == "differs"
    assert reason in result.reason


def test_a_fit_that_does_not_repeat_is_found(bench: Any) -> None:
    bench.plugin("odd", PLUGIN)
    fit, restored = check_repeats(["plugins"], "fits", tasks=["denoise"])
    assert (fit.task, fit.status) == ("fit", "differs") and "draw from" in fit.reason
    assert restored.status == "same"


def test_global_generators_are_seeded(bench: Any) -> None:
    bench.plugin("odd", PLUGIN)
    (result,) = check_repeats(["plugins"], "seeded", tasks=["denoise"])
    assert result.status == "same" and not result.is_broken


PRIORS = load_plugins([ROOT / "plugins"]).priors.values()
DIFFERENT = {entry.plugin.name: entry.spec.name for entry in PRIORS}
"""One prior of each plugin: a check takes two processes; `test_builtin.py` has the others."""


QUICK = {"dip"}
"""A prior that draws; pytest --exhaustive takes all."""


@pytest.mark.parametrize(
    "prior",
    [
        prior if prior in QUICK else pytest.param(prior, marks=pytest.mark.exhaustive)
        for prior in sorted(DIFFERENT.values())
    ],
)
def test_a_prior_of_every_plugin_that_comes_with_it_repeats(prior: str) -> None:
    # ICA makes four tables for each noise level, and inpainting has many: that would take minutes.
    tasks = ["denoise"] if prior == "ica" else ["denoise", "inpaint"]
    results = check_repeats([ROOT / "plugins"], prior, tasks=tasks)
    assert [str(result) for result in results if result.status != "same"] == []
