"""Draw and judge the images that excite each class of a small classifier.

    python benchmarks/activation.py docs/images/activation.png

It is the second half of the study dip-inversion, which needs no experiment, and takes a minute.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from plugins.studies.dip_inversion.activation import Maximisation, maximise
from plugins.studies.dip_inversion.claims import exciting_claim
from plugins.studies.dip_inversion.classifier import examples
from plugins.studies.dip_inversion.figure import draw_exciting
from plugins.studies.dip_inversion.study import exciting_pictures, exciting_table


def main(target: Path) -> None:
    """Print the mean over starts of each quantity and the verdict, and write the figure.

    Args:
        target: the picture's file.
    """
    torch.set_num_threads(1)
    began = time.process_time()
    excited = maximise(examples(), Maximisation())
    seconds = time.process_time() - began
    table = exciting_table(excited)
    means = table.pivot_table("value", ["feature", "method", "weight"], "quantity", sort=False)
    print(means.round(3).to_string())
    claim = exciting_claim(table)
    print(f"{claim.verdict}: {claim.evidence}")
    print(f"accuracy {excited.accuracy:.3f}, {seconds:.0f} s of a processor")
    figure = draw_exciting(exciting_pictures(excited, table))
    figure.savefig(target, dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
