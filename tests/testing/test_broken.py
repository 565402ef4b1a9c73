"""Every check finds the plugin that was broken for it; with --exhaustive, no other takes offence."""

from pathlib import Path

import pytest

from priorbench.plugins.manager import load_plugins
from priorbench.testing import Result, Verdict, check_plugin
from priorbench.testing.catalogue import CHECKS, open_subject
from priorbench.testing.check import Check
from priorbench.testing.runner import results_here, results_of
from priorbench.testing.source import Kind, Source

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

PLUGINS = Path(__file__).parent / "broken"
TASKS = ("denoise", "inpaint")
PLUGINS_LOADED = load_plugins([PLUGINS])
SOUND = sorted(path.name for path in PLUGINS.glob("sound_*"))
FOUND_BY = {
    "imports_numpy": "light_to_import",
    "says_nothing": "described",
    "names_nothing": "loads",
    "forgets_to_learn": "loads",
    "not_made": "can_be_made",
    "raises": "restores",
    "double_precision": "image_is_float32",
    "makes_it_worse": "better_than_nothing",
    "gray_only": "colour",
    "drops_colour": "colour",
    "even_sizes_only": "odd_sizes",
    "not_tiny": "tiny_images",
    "not_large": "large_images",
    "not_its_task": "declared_tasks",
    "not_another_task": "other_tasks",
    "hides_nan": "nan_is_reported",
    "percent": "progress_is_a_fraction",
    "rounds_the_problem": "problem_untouched",
    "changes_settings": "global_state_untouched",
    "seeds_torch": "global_seeds_untouched",
    "unseeded": "same_seed_same_image",
    "remembers": "independent_of_history",
    "order_of_sets": "same_in_another_process",
    "too_little_memory": "memory_as_declared",
    "no_deadline": "deadline_kept",
    "half_a_checkpoint": "checkpoint_resumed",
    "first_image_only": "denoiser_shapes",
    "changes_its_input": "denoiser_input_untouched",
    "mean_of_the_batch": "denoiser_one_by_one",
    "sigma_of_bytes": "denoiser_sigma_range",
    "ignores_sigma": "denoiser_follows_sigma",
    "always_blurs": "denoiser_harmless",
    "no_curve": "fits",
    "changes_training_images": "training_images_untouched",
    "unseeded_fit": "same_seed_same_model",
    "half_a_model": "model_saved_and_loaded",
    "takes_half_a_file": "truncated_model_refused",
    "takes_any_model": "other_model_refused",
    "learns_from_nan": "nan_in_training_refused",
    "forgets_its_draws": "fit_resumed",
    "miscounts": "parameters_counted",
    "wrong_shape_of_scores": "patch_shapes",
    "patches_together": "patches_one_by_one",
    "smooths_clean_patches": "map_keeps_clean_patches",
    "not_the_best": "map_is_the_best",
    "not_normalised": "density_integrates_to_one",
    "narrow_samples": "samples_match_density",
    "no_gradient": "generator_differentiable",
    "same_sample": "draws_follow_the_seed",
    "clips": "operator_is_linear",
    "wrong_adjoint": "adjoint",
    "wrong_data_step": "data_step",
    "loses_arguments": "problem_saved_and_loaded",
    "louder_than_declared": "noise_as_declared",
    "global_noise": "draws_from_its_generator",
    "same_noise": "noise_differs",
    "wrong_direction": "better_is_better",
    "ignores_nan": "nan_has_no_value",
    "repeats_rows": "other_shapes_refused",
    "bytes": "loads_images",
    "other_images": "same_image_again",
    "one_image": "images_differ",
    "sure_of_nothing": "finds_nothing_in_nothing",
    "changes_rows": "results_untouched",
    "changes_plots": "plots_untouched",
}
"""The check that is meant for each plugin in ``broken``."""


def test_every_broken_plugin_has_a_check_that_is_meant_for_it() -> None:
    broken = {path.name for path in PLUGINS.iterdir() if (path / "plugin.py").is_file()}
    assert broken - set(SOUND) == {*FOUND_BY, "crashes"}
    known = {each.name for checks in CHECKS.values() for each in checks}
    assert set(FOUND_BY.values()) <= known


@pytest.mark.parametrize(
    "plugin",
    [
        plugin if plugin == "sound_prior" else pytest.param(plugin, marks=pytest.mark.exhaustive)
        for plugin in SOUND
    ],
)
def test_a_sound_plugin_passes(plugin: str) -> None:
    report = check_plugin(PLUGINS / plugin, folders=[], tasks=TASKS)
    assert report.ok and report.passed


@pytest.mark.parametrize("plugin", SOUND)
def test_in_a_sound_plugin_nothing_is_found(plugin: str) -> None:
    assert found(plugin, here(plugin)) == []


def source_of(plugin: str) -> Source:
    name = plugin.replace("_", "-")
    [kind] = [kind for kind in Kind if name in PLUGINS_LOADED.registered_by(kind.hook)]
    return Source(kind=kind, name=name, folders=(str(PLUGINS),), tasks=TASKS)


def here(plugin: str) -> list[Check]:
    """Return the checks that need no process of their own; the others take long."""
    return [each for each in CHECKS[source_of(plugin).kind] if not each.apart]


def found(plugin: str, checks: list[Check]) -> list[Result]:
    """Return the failures of a plugin."""
    source = source_of(plugin)
    apart = [each for each in checks if each.apart]
    results = results_here(open_subject(source), [each for each in checks if not each.apart])
    results = [*results, *(results_of(source, apart) if apart else [])]
    return [result for result in results if result.verdict == Verdict.FAILED]


def needed(name: str, checks: list[Check]) -> set[str]:
    """Return the names of a check and of those without which it says nothing."""
    [check] = [each for each in checks if each.name == name]
    return {name}.union(*(needed(each, checks) for each in check.needs))


@pytest.mark.parametrize(("plugin", "check"), FOUND_BY.items())
def test_a_broken_plugin_is_found_by_the_check_meant_for_it(
    plugin: str, check: str, request: pytest.FixtureRequest
) -> None:
    checks = list(CHECKS[source_of(plugin).kind])
    if not request.config.getoption("--exhaustive"):
        checks = [each for each in checks if each.name in needed(check, checks)]
    failed = found(plugin, checks)
    assert [result.check for result in failed] == [check], failed
    assert failed[0].reason.strip()


def test_a_check_that_ends_the_process_fails_and_the_others_go_on() -> None:
    report = check_plugin(
        PLUGINS / "crashes",
        folders=[],
        only=["described", "restores", "can_be_made", "colour"],
        raise_on_failure=False,
    )
    assert [result.check for result in report.failed] == ["restores"]
    assert "exited with code 3" in report.failed[0].reason
    assert [result.check for result in report.passed] == ["described", "can_be_made"]
    assert [result.reason for result in report.skipped] == [
        "it needs restores, which failed or was skipped for the same reason"
    ]
