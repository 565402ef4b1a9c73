"""Errors that more than one part of the library knows. Light."""

from __future__ import annotations


class NotApplicable(ValueError):
    """What was asked is not defined here: a limit of a kind of prior or of a metric, not a failure."""


class Diverged(ArithmeticError):
    """The method's numbers went out of range."""


class MachineError(RuntimeError):
    """The machine failed, not the method: the job fails and is tried again."""
