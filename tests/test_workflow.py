"""What the Snakefile asks the library."""

import pytest

from priorbench.config import parse_experiment
from priorbench.plan import Plan
from priorbench.store.drawings import LARGEST_SVG
from priorbench.workflow import report_format


@pytest.mark.parametrize(
    ("size", "form"), [(None, "svg"), (LARGEST_SVG, "svg"), (LARGEST_SVG + 1, "png")]
)
def test_a_large_figure_is_in_the_report_as_png(tmp_path, size, form):
    data = {"experiment": "e", "results": str(tmp_path), "test": ["photos"]}
    data |= {"datasets": {"photos": {"source": "scikit-image"}}, "priors": {"run": ["tv"]}}
    plan = Plan(parse_experiment(data, "a test"))
    if size is not None:
        file = plan.layout.figure("psnr", "svg")
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x" * size)
    assert report_format(plan, "psnr") == form
    assert report_format(plan, "ssim") == "svg"
