"""Broken: it decides without any results."""

from dataclasses import replace

from ..sound_study.model import Model as sound


def Model(experiment):
    findings = sound(experiment)
    claims = [replace(claim, holds=bool(claim.holds)) for claim in findings.claims]
    return replace(findings, claims=claims)
