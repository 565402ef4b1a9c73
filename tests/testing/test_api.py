"""The functions for scripts: objects, expected failures, reports, and wrong arguments."""

from pathlib import Path

import pytest

from priorbench.plugins.registry import PluginError
from priorbench.priors import Denoiser
from priorbench.testing import CheckFailed, Verdict, check_metric, check_plugin, check_prior

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

PLUGINS = Path(__file__).parent / "broken"


class Shrinks(Denoiser):
    """Shrinks an image towards its mean."""

    def denoise(self, image, sigma):
        mean = image.mean((2, 3), keepdim=True)
        return mean + (image - mean) / (1 + 10 * sigma)


class Stronger(Shrinks):
    """Adds contrast instead."""

    def denoise(self, image, sigma):
        return image + sigma * (image - image.mean((2, 3), keepdim=True))


def test_an_object_is_checked_where_it_is_and_what_needs_a_record_is_skipped() -> None:
    report = check_prior(Shrinks(), tasks=["denoise", "inpaint"])
    assert report.ok
    verdicts = {result.check: result for result in report.results}
    assert verdicts["denoiser_harmless"].verdict == Verdict.PASSED
    for name in ("described", "light_to_import", "same_in_another_process", "fits"):
        assert verdicts[name].verdict == Verdict.SKIPPED
        assert "give the name of a registered prior" in verdicts[name].reason


def test_a_failure_raises_the_report() -> None:
    with pytest.raises(CheckFailed, match="better_than_nothing") as raised:
        check_prior(Stronger(), tasks=["denoise"])
    assert "something sensible has more" in str(raised.value)


def test_an_expected_failure_needs_a_reason_and_has_to_come() -> None:
    expected = {"better_than_nothing": "it is there to be worse"}
    report = check_prior(Stronger(), tasks=["denoise"], expected_failures=expected)
    assert report.ok
    assert [result.check for result in report.expected] == list(expected)
    assert "it is there to be worse" in str(report)
    with pytest.raises(CheckFailed, match="take it out of expected_failures"):
        check_prior(Shrinks(), tasks=["denoise"], expected_failures=expected)
    with pytest.raises(ValueError, match="say why"):
        check_prior(Shrinks(), tasks=["denoise"], expected_failures={"colour": " "})


def test_the_report_counts_what_ran_and_says_why_others_did_not() -> None:
    report = check_metric("wrong-direction", folders=[PLUGINS], raise_on_failure=False)
    text = str(report)
    ran = len(report.results) - len(report.skipped)
    assert f"{ran} checks ran: {len(report.passed)} passed, 1 failed" in text
    assert "its record names no target: target_of_clean_images" in text
    assert "failed: metric wrong-direction: better_is_better" in text


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(PluginError, match="did you mean 'sound-metric'"):
        check_metric("sound-metrik", folders=[PLUGINS])
    with pytest.raises(ValueError, match="did you mean 'denoiser_shapes'"):
        check_prior(Shrinks(), expected_failures={"denoiser_shape": "for a test"})
    with pytest.raises(ValueError, match="did you mean 'adjoint'"):
        check_plugin("sound_task", folders=[PLUGINS], only=["adjont"])


def test_a_check_that_hangs_is_stopped_and_the_others_go_on(bench) -> None:
    bench.plugin(
        "slow",
        """
        import time
        from priorbench import MetricSpec, hookimpl

        def hangs(restored, clean):
            time.sleep(600)

        @hookimpl
        def register_metrics():
            yield MetricSpec(name="slow", factory=hangs, summary="for a test")
        """,
    )
    report = check_metric("slow", minutes=0.2, raise_on_failure=False)
    [stopped] = report.failed
    assert stopped.check == "gives_a_number" and "was stopped" in stopped.reason
    assert [result.check for result in report.passed] == ["described", "loads", "light_to_import"]
