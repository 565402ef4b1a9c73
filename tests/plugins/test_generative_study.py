"""Distances of distributions that are known, and what the study says of an experiment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import pandas as pd
import pytest
import torch
from torch import Tensor

from plugins.diffusion.sampler import ancestral
from plugins.studies.generative.claims import claims
from plugins.studies.generative.draws import PATCHES_OF_A_TILE, cut, draw
from plugins.studies.generative.figure import draw as draw_figure
from plugins.studies.generative.measure import PHOTOGRAPHS, measure
from plugins.studies.generative.study import generative, summarise
from priorbench.errors import NotApplicable
from priorbench.priors import (
    HELD_OUT_LOG_LIKELIHOOD,
    Denoiser,
    DrawsTiles,
    Generator,
    PatchPrior,
)
from priorbench.results import Catalogue

DEVIATION = 0.1


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class White(PatchPrior):
    """Patches of white noise with this deviation."""

    patch_size = 4

    def __init__(self, deviation: float) -> None:
        self.deviation = deviation

    def log_prob(self, patches: Tensor) -> Tensor:
        normal = torch.distributions.Normal(0.0, self.deviation)
        return normal.log_prob(patches - patches.mean(1, keepdim=True)).sum(1)

    def map_estimate(self, patches: Tensor, noise_variance: float) -> Tensor:
        return patches

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        return self.deviation * torch.randn(count, 16, generator=generator)


class Mute(White):
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        raise NotApplicable("can't draw")


class Collapsed(Generator):
    """Tiles of white noise, always the same."""

    tile_size, latent_size = 8, 3

    def decode(self, z: Tensor) -> Tensor:
        tile = DEVIATION * torch.randn(8, 8, generator=seeded(5))
        return tile.expand(len(z), 8, 8)


class Tiles(Denoiser, DrawsTiles):
    """Tiles of white noise."""

    def denoise(self, image: Tensor, sigma: float) -> Tensor:
        return image

    def sample_tiles(self, count: int, generator: torch.Generator) -> Tensor:
        return 0.5 + DEVIATION * torch.randn(count, 6, 6, generator=generator)


MODELS = {
    "exact": White(DEVIATION),
    "wide": White(3 * DEVIATION),
    "mute": Mute(DEVIATION),
    "tiles": Tiles(),
    "collapsed": Collapsed(),
}


PSNR = {"exact": 30.0, "tiles": 29.9, "wide": 25.0, "collapsed": 24.0, "mute": 30.0}


class Finished:
    """An experiment whose images are white noise; the nearer the draws, the better the PSNR."""

    training: ClassVar = {
        name: pd.DataFrame({HELD_OUT_LOG_LIKELIHOOD: [1.0]} if name in ("exact", "wide") else {})
        for name in MODELS
    }
    runs = pd.DataFrame(
        {
            "prior": list(MODELS),
            "training_processor_seconds": [2.0] * len(MODELS),
            "n_parameters": [7.0] * len(MODELS),
        }
    )
    catalogue = Catalogue(
        priors={name: name for name in MODELS},
        tasks={"denoise-25": "denoise σ = 25"},
        metrics={},
        datasets=("noise",),
    )

    def prior(self, prior: str) -> object:
        return MODELS[prior]

    def clean_images(self) -> dict[str, Tensor]:
        return {
            str(seed): 0.5 + DEVIATION * torch.randn(1, 1, 40, 40, generator=seeded(seed))
            for seed in range(3)
        }

    def by_image(
        self, metric: str, priors: Sequence[str] | None = None
    ) -> dict[tuple[str, str], pd.DataFrame]:
        names = list(MODELS if priors is None else priors)
        rows = [[PSNR[name] + 0.1 * image for name in names] for image in range(3)]
        return {("noise", "denoise-25"): pd.DataFrame(rows, columns=names)}


class TestDraws:
    def test_patches_are_cut_out_of_tiles(self):
        tiles = torch.arange(2.0 * 36).view(2, 6, 6)
        patches = cut(tiles, 4, seeded())
        assert patches.shape == (2 * PATCHES_OF_A_TILE, 16)
        windows = tiles.unfold(1, 4, 1).unfold(2, 4, 1).reshape(-1, 16)
        assert all(bool((windows == patch).all(1).any()) for patch in patches)

    @pytest.mark.parametrize("name", ["exact", "tiles", "collapsed"])
    def test_every_kind_draws_as_many_as_are_wanted_without_means(self, name):
        patches = draw(MODELS[name], 50, 4, seeded())
        assert patches is not None and patches.shape == (50, 16)
        torch.testing.assert_close(patches.mean(1), torch.zeros(50), atol=1e-6, rtol=0)

    def test_what_cannot_draw_is_left_out(self):
        assert draw(MODELS["mute"], 50, 4, seeded()) is None
        assert draw(object(), 50, 4, seeded()) is None
        assert draw(Tiles(), 50, 7, seeded()) is None

    def test_the_sampler_draws_from_a_gaussian_whose_estimates_are_known(self):
        """D(y; σ) = s²/(s² + σ²) y gives draws of deviation s."""
        s = 0.3

        def estimate(noisy: Tensor, sigma: float) -> Tensor:
            return s**2 / (s**2 + sigma**2) * noisy

        drawn = ancestral(estimate, (0.004, 10.0), (400, 8, 8), seeded(), torch.device("cpu"))
        assert float(drawn.std()) == pytest.approx(s, rel=0.03)
        assert abs(float(drawn.mean())) < 5 * s / math.sqrt(drawn.numel())


class TestStudy:
    def test_each_prior_has_the_numbers_of_its_distribution(self):
        rows = measure(Finished()).rows.set_index("prior")
        assert set(rows.index) == {PHOTOGRAPHS, "exact", "wide", "tiles", "collapsed"}
        assert rows["density"].to_dict() == {
            PHOTOGRAPHS: "none",
            "exact": "exact",
            "wide": "exact",
            "tiles": "none",
            "collapsed": "none",
        }
        # Without their means patches of 16 pixels have 15 dimensions of this deviation.
        wide = 255 * 2 * DEVIATION * math.sqrt(15 / 16)
        assert rows["distance"]["wide"] == pytest.approx(wide, rel=0.05)
        assert rows["distance"]["exact"] < 0.1 * wide
        assert rows["recall"]["collapsed"] < 0.3 * rows["recall"]["exact"]
        assert rows["recall"]["exact"] == pytest.approx(rows["recall"][PHOTOGRAPHS], abs=0.1)
        assert rows["log_likelihood"]["exact"] > rows["log_likelihood"]["wide"]
        assert (rows.drop(PHOTOGRAPHS)["training_seconds"] == 2).all()

    def test_claims_follow_from_the_numbers(self):
        together, reached = claims(measure(Finished()), Finished())
        assert together.holds is True
        assert reached.holds is False and "collapsed" in reached.evidence

    def test_the_table_has_a_column_of_psnr_for_each_task(self):
        table = summarise(measure(Finished()), Finished()).set_index("prior")
        assert table["psnr_db_noise_denoise-25"]["exact"] == pytest.approx(30.1)
        assert math.isnan(table["psnr_db_noise_denoise-25"][PHOTOGRAPHS])

    def test_the_figure_has_a_row_for_each_prior(self):
        figure = draw_figure(measure(Finished()), Finished.catalogue)
        labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert labels == [PHOTOGRAPHS, "exact", "wide", "tiles", "collapsed"]

    def test_without_images_there_is_nothing_and_it_is_said(self):
        class Empty(Finished):
            def clean_images(self) -> dict[str, Tensor]:
                return {}

        found = generative(Empty())
        assert found.table.empty
        assert [claim.holds for claim in found.claims] == [None, None]
        assert "no prior draws" in found.figure.texts[0].get_text()
