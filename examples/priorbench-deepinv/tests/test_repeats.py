"""The library's own check: the same problem gives the same restoration, bit for bit."""

import torch

from priorbench.testing import check_repeats
from priorbench_deepinv.network import untrained


def test_a_total_variation_repeats():
    """deepinv begins it where the last one ended."""
    results = check_repeats([], "deepinv-tv", tasks=["denoise", "inpaint"])
    assert [each.status for each in results] == ["same", "same"]


def test_a_network_repeats(tmp_path):
    file = tmp_path / "weights.pth"
    options = {"depth": 3, "nf": 8}
    torch.save(untrained("DnCNN", 1, options).state_dict(), file)
    given = {"model": "DnCNN", "weights": str(file), "channels": 1, "options": options}
    results = check_repeats([], "deepinv-network", given, tasks=["denoise", "inpaint"])
    assert [each.status for each in results] == ["same", "same"]
