"""Checks of studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import matplotlib as mpl
import pandas as pd
import torch
from matplotlib.figure import Figure

from priorbench.seeds import derive_seed, seeded
from priorbench.specs import StudySpec
from priorbench.studies import Claim, Experiment, Findings
from priorbench.studies.page import study_html, study_markdown
from priorbench.testing.check import CheckFailed, check
from priorbench.testing.experiments import GivenExperiment, empty_experiment, small_experiment
from priorbench.testing.source import Source


@dataclass(frozen=True)
class Repetition:
    """What a study gave when it was run again.

    Args:
        experiment: what it was given, afterwards.
        findings: what it found.
        changed_plots: what it changed of matplotlib.
    """

    experiment: GivenExperiment
    findings: Findings
    changed_plots: list[str]


class StudySubject:
    """A registered study, with a small experiment to look at.

    Args:
        source: where it is registered.
    """

    def __init__(self, source: Source) -> None:
        self.source = self.registered = source

    @property
    def spec(self) -> StudySpec:
        """The record."""
        spec: StudySpec = self.source.entry.spec
        return spec

    @cached_property
    def experiment(self) -> GivenExperiment:
        """A small experiment."""
        return small_experiment(self.source.registry, self.source)

    @cached_property
    def findings(self) -> Findings:
        """What the study finds in the small experiment."""
        return self.find(self.copy())

    @cached_property
    def repetition(self) -> Repetition:
        """What it gives when it is run again, on rows and images of its own."""
        import matplotlib.pyplot as plt

        given, before = self.copy(), plt.get_fignums()
        # An earlier run may have changed the settings already.
        with mpl.rc_context():
            mpl.rcdefaults()
            settings = dict(mpl.rcParams)
            findings = self.find(given)
            now = mpl.rcParams
            changed = [f"rcParams[{name!r}]" for name in settings if now[name] != settings[name]]
        left = set(plt.get_fignums()) - set(before)
        for number in left:
            plt.close(number)
        return Repetition(given, findings, changed + (["pyplot's open figures"] if left else []))

    def copy(self) -> GivenExperiment:
        """Return the small experiment with rows and images of its own."""
        own = self.experiment
        return replace(
            own,
            scores=own.scores.copy(deep=True),
            runs=own.runs.copy(deep=True),
            images={
                dataset: {name: image.clone() for name, image in images.items()}
                for dataset, images in own.images.items()
            },
        )

    def find(self, experiment: Experiment) -> Findings:
        """Return what the study finds, as its stage asks for it.

        Raises:
            Exception: whatever the study raises.
        """
        study: Callable[[Experiment], Findings] = self.source.entry.load()
        with seeded(derive_seed(0, "study", self.spec.name)):
            return study(experiment)


@check("loads")
def finds_nothing_in_nothing(subject: StudySubject) -> None:
    """An experiment with nothing to look at gives findings without verdicts, not an error."""
    findings = subject.find(empty_experiment())
    fault = _fault(findings)
    if fault:
        raise CheckFailed(f"of an experiment without any priors and images, {fault}")
    decided = [claim.statement for claim in findings.claims if claim.holds is not None]
    if decided:
        raise CheckFailed(
            f"it decides without any results: {decided[0]!r}: give holds=None where nothing is "
            "known"
        )


@check("loads", "finds_nothing_in_nothing")
def finds_something(subject: StudySubject) -> None:
    """A small experiment gives a table, a figure, and claims with evidence."""
    fault = _fault(subject.findings)
    if fault:
        raise CheckFailed(f"of two photographs and a few priors, {fault}")


@check("finds_something")
def results_untouched(subject: StudySubject) -> None:
    """The rows and images of the experiment are the same afterwards as before."""
    before, after = subject.experiment, subject.repetition.experiment
    same = [before.scores.equals(after.scores), before.runs.equals(after.runs)]
    images = after.clean_images()
    same += [torch.equal(images[name], image) for name, image in before.clean_images().items()]
    if not all(same):
        raise CheckFailed("it changes the rows or the images that it is given: work on copies")


@check("finds_something")
def same_findings_again(subject: StudySubject) -> None:
    """The same experiment gives the same table and verdicts again."""
    one, other = subject.findings, subject.repetition.findings
    try:
        pd.testing.assert_frame_equal(one.table, other.table)
    except AssertionError as error:
        raise CheckFailed(
            f"its table differs when it is computed again: {error}: draw from generators that are "
            "seeded, and measure no times"
        ) from None
    if [claim.verdict for claim in one.claims] != [claim.verdict for claim in other.claims]:
        raise CheckFailed("its verdicts differ when they are computed again")


@check("finds_something")
def plots_untouched(subject: StudySubject) -> None:
    """Matplotlib's settings are the same afterwards as before, and no figure of pyplot is left."""
    names = subject.repetition.changed_plots
    if names:
        raise CheckFailed(
            f"it changes {', '.join(names)} of matplotlib, which other figures have too: draw on "
            "matplotlib.figure.Figure(), and change settings in matplotlib.rc_context()"
        )


@check("finds_something")
def makes_a_page(subject: StudySubject) -> None:
    """What it finds can be shown as a page and written as a table."""
    study_markdown(subject.spec, subject.findings)
    study_html(subject.spec, subject.findings)
    subject.findings.table.to_csv(index=False)
    for claim in subject.findings.claims:
        claim.of_study(subject.spec.name)


def _fault(findings: object) -> str:
    """Return what is wrong with findings; nothing if all is well."""
    if not isinstance(findings, Findings):
        kind = type(findings).__qualname__
        return f"it returns {kind}: return priorbench.studies.Findings"
    # What an author's code gives need not be of the declared types.
    table: object = findings.table
    figure: object = findings.figure
    if not isinstance(table, pd.DataFrame):
        return f"its table is of {type(table).__qualname__}: give a pandas.DataFrame"
    if not isinstance(figure, Figure):
        return f"its figure is of {type(figure).__qualname__}: give a matplotlib Figure"
    claims: list[object] = list(findings.claims)
    for claim in claims:
        if not isinstance(claim, Claim):
            return f"a claim is of {type(claim).__qualname__}: give priorbench.studies.Claim"
        if not (claim.statement.strip() and claim.source.strip() and claim.evidence.strip()):
            return f"the claim {claim.statement!r} lacks its statement, source or evidence"
        if claim.holds not in (True, False, None):
            return f"the verdict of {claim.statement!r} is {claim.holds!r}: True, False or None"
    return ""


STUDIES = (
    finds_nothing_in_nothing,
    finds_something,
    results_untouched,
    same_findings_again,
    makes_a_page,
    plots_untouched,
)
