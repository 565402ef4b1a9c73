"""Broken: it changes the rows that it is given."""

from ..sound_study.model import Model as sound


def Model(experiment):
    findings = sound(experiment)
    experiment.scores["value"] = experiment.scores["value"].clip(upper=20.0)
    return findings
