"""Five sentences of Zoran & Weiss, ICCV 2011, and whether an experiment bears them out.

The images are the sample: intervals are Student's at 95 % over images, and comparisons are paired
by image. A sentence about several models, data sets or noise levels holds if it holds for each.
That needs no correction for their number: the more there are, the harder it is (the
intersection–union test, Berger 1982, doi:10.1080/00401706.1982.10487790). It fails if it fails for
one, which is not corrected: where that one is close to 0 and the comparisons are many, chance may
have done it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from priorbench.figures.style import family
from priorbench.priors import HELD_OUT_LOG_LIKELIHOOD
from priorbench.results import Catalogue
from priorbench.studies import Claim, Estimate, Experiment, Verdict, in_words, together
from priorbench.studies.correlation import rank_correlation

from .tables import by_image, cells

SOURCE = "Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278, question {}"
ORDER = ("ind-pixel", "mvg", "pca", "ica", "gmm")
"""Names of the models from the least to the most likely, as the paper has them."""

NO_IMAGES = "no Gaussian denoising task has a PSNR that every model reached on a common image"
NO_MODELS = "no patch models were measured on a common image"


def claims(measured: pd.DataFrame, experiment: Experiment) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: rows of :func:`.measure.measure`.
        experiment: names, labels and training curves of the models.
    """
    catalogue = experiment.catalogue
    patches: list[Verdict] = []
    whole: list[Verdict] = []
    ways: list[Verdict] = []
    best: list[Verdict] = []
    chosen = _chosen(measured, experiment)
    for dataset, _, sigma, cell in cells(measured):
        where = f"{dataset}, σ = {sigma:g}"
        likelihood, error, epll = (
            by_image(cell, name) for name in ("log_likelihood", "patch_mse", "epll")
        )
        # A smaller error is better.
        patches += _together(where, likelihood, -error)
        whole += _together(where, likelihood, epll)
        ways += _ways(where, cell, catalogue)
        best += _best(where, epll, chosen.get("gmm"), catalogue)
    absent = ", ".join(name for name in ORDER if name not in chosen)
    order = [] if absent else list(_order(measured, [chosen[name] for name in ORDER], catalogue))
    judged = [
        (1, "A likelier patch model denoises single patches better", patches, NO_MODELS),
        (2, "A likelier patch model restores whole images better by EPLL", whole, NO_IMAGES),
        (
            1,
            "Likelihood rises from independent pixels to the Gaussian, PCA, ICA and the Gaussian "
            "mixture",
            order,
            f"not there: {absent}",
        ),
        (
            2,
            "EPLL beats the average of single-patch MAP estimates, and this beats patches that "
            "don't overlap, for every model",
            ways,
            NO_IMAGES,
        ),
        (
            3,
            "The Gaussian mixture restores whole images better than every other patch model",
            best,
            NO_IMAGES if "gmm" in chosen else "not there: gmm",
        ),
    ]
    return [
        Claim.judged(statement, SOURCE.format(question), together(parts, otherwise))
        for question, statement, parts, otherwise in judged
    ]


def _together(where: str, likelihood: pd.DataFrame, quality: pd.DataFrame) -> Iterator[Verdict]:
    """Yield whether models that are likelier are better."""
    models = quality.columns
    if len(models) < 3 or quality.empty:
        if len(models):
            yield Verdict(None, f"{where}: fewer than three models")
        return
    rho = rank_correlation(likelihood[models], quality)
    words = (
        f"{where}: mean Spearman's ρ = {_words(rho)} of {len(models)} models "
        f"over {len(quality)} images"
    )
    yield rho.verdict(words, 0)


def _order(measured: pd.DataFrame, priors: list[str], catalogue: Catalogue) -> Iterator[Verdict]:
    """Yield for each data set whether each model is likelier than the one before."""
    # Clean patches are the same at every noise level.
    rows = measured.drop_duplicates(["dataset", "image", "prior"])
    for dataset, cell in rows.groupby("dataset", sort=False):
        values = by_image(cell, "log_likelihood")
        words = [f"{catalogue.prior_label(priors[0])} {values[priors[0]].mean():.1f}"]
        steps = []
        for below, above in pairwise(priors):
            step = Estimate.of_mean(values[above] - values[below], "nats per patch")
            words.append(f"{catalogue.prior_label(above)} {_words(step)}")
            steps.append(step.verdict("", 0))
        evidence = f"{dataset}: {', '.join(words)} nats per patch above the one before"
        yield together(steps, evidence)


def _ways(where: str, cell: pd.DataFrame, catalogue: Catalogue) -> Iterator[Verdict]:
    """Yield whether each way to a whole image beats the simpler one, for every model."""
    epll, averaged, apart = (
        by_image(cell, name) for name in ("epll", "averaged", "non_overlapping")
    )
    if epll.empty:
        return
    texts: list[str] = []
    verdicts: list[Verdict] = []
    for words, better, worse in (
        ("EPLL over averaging", epll, averaged),
        ("averaging over non-overlapping", averaged, apart),
    ):
        gains = _differences({prior: (better[prior], worse[prior]) for prior in epll.columns})
        least = _least(gains)
        above = [gain.verdict("", 0) for gain in gains.values()]
        counts = f"above 0 for {sum(one.holds is True for one in above)} of {len(above)} models"
        label = catalogue.prior_label(least)
        texts.append(f"{words} at least {_words(gains[least])} dB ({label}), {counts}")
        verdicts += above
    yield together(verdicts, f"{where}: {', '.join(texts)}, over {len(epll)} images")


def _best(
    where: str, epll: pd.DataFrame, mixture: str | None, catalogue: Catalogue
) -> Iterator[Verdict]:
    """Yield whether the mixture restores better than every other model."""
    rivals = [prior for prior in epll.columns if family(str(prior)) != "gmm"]
    if mixture is None or epll.empty or mixture not in epll:
        return
    if not rivals:
        yield Verdict(None, f"{where}: no other patch model")
        return
    leads = _differences({prior: (epll[mixture], epll[prior]) for prior in rivals})
    nearest = _least(leads)
    yield together(
        (lead.verdict("", 0) for lead in leads.values()),
        f"{where}: {catalogue.prior_label(mixture)} {epll[mixture].mean():.2f} dB, "
        f"{_words(leads[nearest])} dB above its nearest rival ({catalogue.prior_label(nearest)}) "
        f"of {len(rivals)}, over {len(epll)} images",
    )


def _differences(pairs: dict[str, tuple[pd.Series, pd.Series]]) -> dict[str, Estimate]:
    """Return the mean difference of each pair of methods in dB, paired by image."""
    return {
        prior: Estimate.of_mean(first - second, "dB") for prior, (first, second) in pairs.items()
    }


def _least(estimates: dict[str, Estimate]) -> str:
    """Return the prior with the lowest interval."""
    return min(estimates, key=lambda prior: (estimates[prior].interval[0], estimates[prior].value))


def _words(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} {in_words(estimate.interval, 2, '-')}"


def _chosen(measured: pd.DataFrame, experiment: Experiment) -> dict[str, str]:
    """Return for each name of :data:`ORDER` its model.

    Of several it is the likeliest in training: choosing on the test images would favour it.
    """
    likelihood = {
        prior: experiment.training[prior][HELD_OUT_LOG_LIKELIHOOD].max()
        for prior in measured["prior"].unique()
    }
    own = {
        name: [prior for prior in likelihood if experiment.names[prior] == name] for name in ORDER
    }
    return {name: max(priors, key=likelihood.__getitem__) for name, priors in own.items() if priors}
