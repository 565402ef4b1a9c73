"""Settings of a splitting: what is valid, and how those of several places are put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from priorbench.config import ConfigError, parse_experiment
from priorbench.solvers.continuation import Schedule, geometric
from priorbench.specs.solver_settings import REGIMES, SolverSettings, SplittingSettings

levels = st.none() | st.floats(1e-4, 1)
settings = st.builds(
    lambda levels, **values: SplittingSettings(first=levels[0], last=levels[1], **values),
    st.tuples(levels, levels).filter(lambda pair: None in pair or pair[0] >= pair[1]),
    steps=st.none() | st.integers(1, 50),
    trust=st.none() | st.floats(0.1, 10),
    momentum=st.none() | st.floats(0, 0.9),
    dual=st.none() | st.booleans(),
)
solvers = st.builds(SolverSettings, **dict.fromkeys(REGIMES, settings))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"first": 0}, "greater than 0"),
        ({"last": float("inf")}, "finite"),
        ({"first": 0.1, "last": 0.2}, r"last \(0.2\) must be at most first \(0.1\)"),
        ({"steps": 0}, "greater than or equal to 1"),
        ({"momentum": 1}, "less than 1"),
        ({"trust": -1}, "greater than 0"),
    ],
)
def test_what_is_wrong_is_refused_with_what_would_be_right(values: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SplittingSettings(**values)


def test_the_configuration_says_where_a_setting_is_wrong() -> None:
    data = {
        "experiment": "mine", "datasets": {"a": {"source": "folder"}}, "test": ["a"],
        "priors": {"settings": {"tv": {"solver": {"missing": {"last": 0, "step": 3}, "blurred": {}}}}},
    }  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        parse_experiment(data)
    lines = str(caught.value)
    assert "priors.settings.tv.solver.missing.last: must be greater than 0, not 0" in lines
    assert "priors.settings.tv.solver.missing: unknown key 'step'; did you mean 'steps'" in lines
    assert "priors.settings.tv.solver: unknown key 'blurred'" in lines


@pytest.mark.slow
@given(base=solvers, changes=solvers)
def test_what_is_set_wins_and_the_rest_stays(base: SolverSettings, changes: SolverSettings) -> None:
    merged = changes.over(base)
    for regime in REGIMES:
        ours, theirs = changes.of(regime), base.of(regime)
        for field in SplittingSettings.model_fields:
            own, given = getattr(ours, field), getattr(theirs, field)
            found = getattr(merged.of(regime), field)
            # A level that would make the levels rise is left out.
            assert found == (given if own is None else own) or (
                found is None and field in ("first", "last")
            )


@pytest.mark.slow
@given(base=settings, changes=settings)
def test_levels_never_rise(base: SplittingSettings, changes: SplittingSettings) -> None:
    schedule = Schedule(geometric(0.1, 0.02, 4)).changed(changes.over(base))
    assert list(schedule.levels) == sorted(schedule.levels, reverse=True)
    for end, level in (("first", schedule.levels[0]), ("last", schedule.levels[-1])):
        wanted = getattr(changes, end)
        assert wanted is None or schedule.levels[1:] == () or level == pytest.approx(wanted)
    assert len(schedule.levels) == (changes.steps or base.steps or 4)


@pytest.mark.slow
@given(base=solvers, changes=solvers)
def test_what_was_tuned_replaces_a_regime_as_a_whole(
    base: SolverSettings, changes: SolverSettings
) -> None:
    replaced = changes.instead_of(base)
    for regime in REGIMES:
        source = changes if changes.of(regime).is_set else base
        assert replaced.of(regime) == source.of(regime)
    assert base.within(("mixed",)).mixed == base.mixed
    assert not base.within(("mixed",)).missing.is_set
