import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from plugins.studies.dip_inversion import activation, claims, classifier, pre_images, study
from plugins.studies.dip_inversion.figure import draw_exciting
from priorbench.data.loaders import load_embedded
from priorbench.specs import Parameters

NONE, VARIATION, DEEP = pre_images.METHODS
TRAINING = classifier.Training(side=32, steps=50)
SEARCH = pre_images.Settings(
    starts=2,
    pixel_iterations=20,
    network_iterations=10,
    weights=(0.0, 1.0),
    channels=8,
    scales=2,
    inputs=4,
    fused=False,
)
MAXIMISATION = activation.Maximisation(SEARCH, classifier.Training(side=24, steps=40), crops=8)


@pytest.fixture(scope="module")
def classes():
    return classifier.examples()


@pytest.fixture(scope="module")
def model(classes):
    return classifier.train(classes, TRAINING)


@pytest.fixture(scope="module")
def few(classes):
    """Two classes are quicker than all."""
    return classes[:2]


@pytest.fixture(scope="module")
def excited(few):
    return activation.maximise(few, MAXIMISATION)


def random_images(*size):
    return torch.rand(*size, generator=torch.Generator().manual_seed(0))


def logits_like(model, classes, seed):
    generator = torch.Generator().manual_seed(seed)
    return model(torch.cat([classifier.crops(one.held_out, 32, 4, generator) for one in classes]))


class TestClassifier:
    def test_it_tells_held_out_crops_apart(self, model, classes):
        assert classifier.accuracy(model, classes, TRAINING, 32) > 0.75
        untrained = classifier.train(classes, dataclasses.replace(TRAINING, steps=0))
        assert classifier.accuracy(untrained, classes, TRAINING, 32) < 0.5

    def test_a_seed_gives_the_same_one_and_leaves_torchs_random_numbers_alone(self, classes):
        short = dataclasses.replace(TRAINING, steps=2)
        before = torch.random.get_rng_state()
        first, again, other = (
            classifier.train(classes, dataclasses.replace(short, seed=seed)) for seed in (0, 0, 1)
        )
        assert torch.equal(torch.random.get_rng_state(), before)
        first, again, other = (logits_like(one, classes, 0) for one in (first, again, other))
        assert torch.equal(first, again)
        assert not torch.allclose(first, other)

    def test_what_is_held_out_is_not_seen(self, classes):
        for name, one in zip(classifier.CLASSES, classes, strict=True):
            whole = load_embedded(Parameters(), name)
            assert one.seen.shape[1] + one.held_out.shape[1] == whole.shape[1]
            assert one.held_out.shape[1] >= classifier.Training().side

    def test_crops_are_parts_of_the_plane(self):
        plane = torch.arange(20.0 * 30).view(20, 30)
        found = classifier.crops(plane, 18, 50, torch.Generator().manual_seed(0))
        assert found.shape == (50, 1, 18, 18)
        corners = found[:, 0, 0, 0].long()
        assert set((corners // 30).tolist()) == {0, 1, 2}
        assert (found - found[:, :, :1, :1] == plane[:18, :18]).all()

    def test_a_plane_that_is_too_small_is_refused(self):
        with pytest.raises(ValueError, match="crops of 18 × 18 pixels can't come from 17 × 30"):
            classifier.crops(torch.zeros(17, 30), 18, 1, torch.Generator())

    def test_augmented_images_are_mirrored_or_not_with_another_contrast_and_brightness(self):
        image = 0.4 + 0.2 * random_images(1, 1, 8, 8)
        found = classifier.augmented(image.repeat(40, 1, 1, 1), torch.Generator().manual_seed(0))
        slopes, mirrored = [], 0
        for one in found.double():
            fits = [
                np.polyfit(x.flatten().double(), one.flatten(), 1, full=True)[:2]
                for x in (image[0], image[0].flip(-1))
            ]
            flipped = fits[1][1].item() < fits[0][1].item()
            line, residual = fits[flipped]
            assert residual.item() < 1e-9
            slopes.append(line[0])
            mirrored += flipped
        assert 0 < mirrored < 40
        assert min(slopes) >= 0.5 - 1e-5 and max(slopes) <= 1.5 + 1e-5
        assert np.ptp(slopes) > 0.5

    @pytest.mark.parametrize("number", range(4))
    def test_log_odds_are_those_of_the_softmax(self, number):
        logits = 5 * random_images(6, 4).double()
        p = logits.softmax(1)[:, number]
        expected = torch.log(p / (1 - p))
        torch.testing.assert_close(classifier.log_odds(logits, number), expected)
        torch.testing.assert_close(classifier.log_odds(logits + 3, number), expected)


class TestMaximise:
    def test_it_rises_with_every_method(self, excited, few):
        model = classifier.train(few, MAXIMISATION.training)
        for number, one in enumerate(few):
            goal = activation.Goal(model, number, one, MAXIMISATION)
            begin = pre_images.minimisers(
                goal.error,
                goal.shape,
                dataclasses.replace(SEARCH, pixel_iterations=0, network_iterations=0),
            )
            for key, image in begin.items():
                before = goal.judged(image).values[activation.SHARE]
                after = excited.found[one.name][key].values[activation.SHARE]
                assert abs(1 - after) < abs(1 - before)
                assert after > before or before > 1

    def test_a_weight_of_nought_is_no_prior(self, excited):
        for own in excited.found.values():
            for start in range(SEARCH.starts):
                none, zero, some = (
                    own[key].image
                    for key in (
                        (NONE, 0.0, start),
                        (VARIATION, 0.0, start),
                        (VARIATION, 1.0, start),
                    )
                )
                assert np.array_equal(none, zero)
                assert not np.allclose(none, some)

    def test_starts_differ_and_a_repetition_does_not(self, excited, few):
        again = activation.maximise(few, MAXIMISATION)
        for name, own in excited.found.items():
            for key, one in own.items():
                assert np.array_equal(one.image, again.found[name][key].image)
                assert one.values == again.found[name][key].values
            for method in (NONE, DEEP):
                assert not np.allclose(own[method, 0.0, 0].image, own[method, 0.0, 1].image)

    def test_what_is_asked_for_is_a_multiple_of_the_classs_own(self, model, classes):
        goal = activation.Goal(model, 1, classes[1], MAXIMISATION)
        generator = torch.Generator().manual_seed(MAXIMISATION.training.seed)
        own = classifier.crops(classes[1].held_out, 24, 8, generator)
        odds = classifier.log_odds(model(own), 1)
        shares = [goal.judged(one[None]).values[activation.SHARE] for one in own]
        assert np.mean(shares) == pytest.approx(1 / MAXIMISATION.factor, rel=1e-4)
        expected = (1 - odds[0] / (MAXIMISATION.factor * odds.mean())).square()
        torch.testing.assert_close(goal.error(own[:1]), expected)

    def test_a_classifier_that_does_not_know_the_class_is_refused(self, classes):
        untrained = classifier.train(classes, dataclasses.replace(TRAINING, steps=0))
        with pytest.raises(
            ValueError, match=r"the classifier does not know \w+: the mean log odds"
        ):
            for number, one in enumerate(classes):
                activation.Goal(untrained, number, one, MAXIMISATION)

    def test_brightness_and_contrast_do_not_count_in_the_distance(self, model, classes):
        goal = activation.Goal(model, 0, classes[0], MAXIMISATION)
        image = random_images(1, 1, 24, 24)
        one, other = (goal.judged(x).values for x in (image, 0.3 + 0.2 * image))
        assert one[activation.DISTANCE] == pytest.approx(other[activation.DISTANCE], rel=1e-4)
        assert one[activation.AS_IT_IS] != pytest.approx(other[activation.AS_IT_IS], rel=1e-2)

    def test_patches_are_all_there_are_without_their_means(self):
        images = random_images(2, 1, 10, 9)
        expected = [
            (patch - patch.mean()).flatten()
            for image, top, left in itertools.product(images[:, 0], range(3), range(2))
            for patch in [image[top : top + 8, left : left + 8]]
        ]
        torch.testing.assert_close(activation.patches_of(images), torch.stack(expected))

    def test_own_crops_are_nearer_than_noise(self, excited):
        for own in excited.found.values():
            crops = [own[activation.OWN, 0.0, start].values for start in range(SEARCH.starts)]
            noise = own[NONE, 0.0, 0].values[activation.DISTANCE]
            assert np.mean([one[activation.DISTANCE] for one in crops]) < noise

    def test_the_table_has_every_class_search_and_quantity(self, excited, few):
        table = study.exciting_table(excited)
        assert tuple(table.columns) == study.Row._fields
        # Own crops, no prior, two weights, the network.
        assert len(table) == len(few) * 5 * SEARCH.starts * 5
        assert np.isfinite(table["value"]).all()
        p = table[table["quantity"] == activation.PROBABILITY]["value"].to_numpy()
        odds = table[table["quantity"] == activation.LOG_ODDS]["value"].to_numpy()
        np.testing.assert_allclose(p, 1 / (1 + np.exp(-odds)), rtol=1e-5)

    def test_the_figure_has_a_row_for_each_class(self, excited, few):
        table = study.exciting_table(excited)
        pictures = study.exciting_pictures(excited, table)
        assert list(pictures) == [one.name for one in few]
        axes = draw_exciting(pictures).axes
        assert [one.get_title() for one in axes[:4]] == [activation.OWN, *pre_images.METHODS]
        assert [one.get_ylabel() for one in axes[::4]] == [one.name for one in few]


def made_up(deep, variation, none=(9.0, 9.1, 9.2), share=1.0):
    """Return the table of two classes, three starts: distances of the first, the other's are apart.

    A weight of 3 brings total variation nearest, but without the activation.
    """
    first = {(NONE, 0.0): none, (VARIATION, 1.0): variation, (DEEP, 0.0): deep}
    second = {(NONE, 0.0): none, (VARIATION, 1.0): none, (DEEP, 0.0): (1.0, 1.1, 1.2)}
    far = {(VARIATION, 3.0): (0.1, 0.1, 0.1)}
    rows = [
        study.Row(name, method, weight, start, quantity, value)
        for name, distances in (("brick", first | far), ("grass", second | far))
        for (method, weight), own in distances.items()
        for start in range(3)
        for quantity, value in (
            (activation.DISTANCE, own[start]),
            (activation.SHARE, 0.5 if weight == 3 else share if method == DEEP else 1.0),
        )
    ]
    return pd.DataFrame(rows, columns=list(study.Row._fields))


class TestClaim:
    @pytest.mark.parametrize(
        ("deep", "variation", "holds"),
        [
            ((5.0, 5.1, 5.2), (7.0, 7.1, 7.2), True),
            ((5.0, 5.1, 5.2), (3.0, 3.1, 3.2), False),
            ((3.0, 5.0, 8.0), (5.5, 5.6, 5.7), None),
            # Nearer than with total variation, but not than without a prior.
            ((11.0, 11.1, 11.2), (13.0, 13.1, 13.2), False),
        ],
    )
    def test_it_needs_means_apart_in_every_class(self, deep, variation, holds):
        claim = claims.exciting_claim(made_up(deep, variation))
        assert claim.holds is holds
        assert claim.number.unit == "gray levels" and claim.number.within(0) is holds
        assert "3 starts" in claim.evidence and "brick" in claim.evidence
        assert "grass" in claim.evidence

    def test_without_the_activation_nothing_is_decided(self):
        claim = claims.exciting_claim(made_up((5.0, 5.1, 5.2), (7.0, 7.1, 7.2), share=0.9))
        assert claim.holds is None
        assert f"{DEEP} did not reach the activation" in claim.evidence

    def test_only_weights_that_reach_the_activation_are_chosen_from(self):
        table = made_up((5.0, 5.1, 5.2), (7.0, 7.1, 7.2))
        own = table[table["feature"] == "brick"]
        assert activation.weights_that_reach(own) == {NONE: 0.0, VARIATION: 1.0, DEEP: 0.0}
