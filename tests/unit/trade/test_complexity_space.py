"""Proximity, density, outlook and gains, against their definitions."""

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.complexity import (
    RAHDARI,
    CoiScale,
    Gain,
    continuous_proximity,
    find_presence,
    proximity,
)
from rahdari.trade.rules.complexity.space import (
    BLOCK,
    complexity_gain,
    complexity_outlook,
    find_space,
    nearest_density,
    relative_relatedness,
    sum_over_proximity,
)
from rahdari.trade.values import Amounts
from tests.unit.trade.complexity_worlds import STAIRS, Plain, drawn

BOTH = pytest.mark.parametrize("self_proximity", [0, 1])


def present_of(seed: int = 1) -> Amounts:
    return find_presence(drawn(seed=seed), RAHDARI).present


PCI = np.random.default_rng(8).normal(size=35)


@BOTH
def test_proximity_is_the_smaller_of_two_conditional_probabilities(self_proximity: int) -> None:
    found = proximity(present_of(), self_proximity=self_proximity)
    np.testing.assert_allclose(found, Plain(present_of(), self_proximity).phi(), rtol=1e-15)


def test_proximity_by_hand() -> None:
    expected = [[1, 2 / 3, 1 / 3], [2 / 3, 1, 1 / 2], [1 / 3, 1 / 2, 1]]
    np.testing.assert_allclose(proximity(STAIRS.values), expected)


def test_proximity_is_put_together_from_blocks_without_a_seam() -> None:
    many = find_presence(drawn(30, BLOCK + 40), RAHDARI).present
    counts = many.T @ many
    ubiquity = many.sum(axis=0)
    np.testing.assert_array_equal(proximity(many), counts / np.maximum.outer(ubiquity, ubiquity))


def test_the_sums_that_avoid_proximity_are_the_sums_over_proximity() -> None:
    weights = np.random.default_rng(3).normal(size=(4, 35))
    for seed in range(5):
        present = present_of(seed)
        expected = weights @ Plain(present).phi()
        np.testing.assert_allclose(sum_over_proximity(weights, present), expected, atol=1e-12)


@BOTH
def test_density_is_the_share_of_proximity_to_what_a_country_has(self_proximity: int) -> None:
    plain = Plain(present_of(), self_proximity)
    found = find_space(plain.present, self_proximity=self_proximity)
    np.testing.assert_allclose(found.density, plain.density(plain.phi()), atol=1e-14)


def test_density_and_outlook_by_hand() -> None:
    space = find_space(STAIRS.values)
    np.testing.assert_allclose(space.sums, [2, 13 / 6, 11 / 6])
    np.testing.assert_allclose(space.density[2], [1 / 2, 4 / 13, 2 / 11])
    pci = np.array([-3.0, 3.0, 9.0])
    np.testing.assert_allclose(complexity_outlook(space, pci), [0, 5 / 11 * 9, 4 / 13 * 3 + 2 / 11 * 9])
    # The second country lacks one product: having it, its outlook is empty.
    assert complexity_gain(space, pci)[1, 2] == pytest.approx(-5 / 11 * 9)


@BOTH
def test_a_gain_is_the_outlook_after_less_the_outlook_before(self_proximity: int) -> None:
    plain = Plain(present_of(), self_proximity)
    phi = plain.phi()
    space = find_space(plain.present, self_proximity=self_proximity)
    gains = complexity_gain(space, PCI)
    before = plain.outlook(phi, PCI)
    np.testing.assert_allclose(complexity_outlook(space, PCI), before, atol=1e-12)
    absent = np.argwhere(plain.present == 0)
    assert len(absent) > 200
    for country, product in absent:
        after = plain.with_product(country, product).outlook(phi, PCI)
        assert gains[country, product] == pytest.approx((after - before)[country], abs=1e-12)


def test_there_is_no_gain_in_what_a_country_has() -> None:
    present = present_of()
    for gain in (Gain.EXACT, Gain.NO_OWN_TERM, Gain.TARGET_SUM):
        assert not complexity_gain(find_space(present), PCI, gain)[present == 1].any()


def test_the_other_formulas_of_gain_are_what_their_names_say() -> None:
    present = present_of()
    phi = Plain(present, 0).phi()
    sums = phi.sum(axis=0)
    space = find_space(present, self_proximity=0)
    absent = 1 - present
    no_own = absent * ((absent * PCI / sums) @ phi)
    target = absent * ((absent * PCI) @ phi / sums)
    less_own = (absent * PCI) @ phi / sums - (present @ phi / sums) * PCI
    np.testing.assert_allclose(complexity_gain(space, PCI, Gain.NO_OWN_TERM), no_own, atol=1e-12)
    np.testing.assert_allclose(complexity_gain(space, PCI, Gain.TARGET_SUM), target, atol=1e-12)
    np.testing.assert_allclose(complexity_gain(space, PCI, Gain.TARGET_SUM_LESS_OWN), less_own, atol=1e-12)


def test_the_other_formulas_miss_the_gain() -> None:
    space = find_space(present_of())
    exact = complexity_gain(space, PCI)
    for gain in (Gain.NO_OWN_TERM, Gain.TARGET_SUM, Gain.TARGET_SUM_LESS_OWN):
        assert np.abs(complexity_gain(space, PCI, gain) - exact)[space.present == 0].max() > 0.1


def test_a_standardised_outlook_has_mean_zero_and_deviation_one() -> None:
    found = complexity_outlook(find_space(present_of()), PCI, CoiScale.STANDARDISED)
    assert found.mean() == pytest.approx(0.0, abs=1e-12)
    assert found.std() == pytest.approx(1.0)


def test_an_outlook_that_is_the_same_for_all_is_not_standardised() -> None:
    with pytest.raises(Degenerate, match="same for all"):
        complexity_outlook(find_space(np.ones((4, 4))), np.ones(4), CoiScale.STANDARDISED)


def test_a_product_without_neighbours_has_no_density() -> None:
    alone = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    with pytest.raises(Degenerate, match="1 products share no country"):
        find_space(alone, self_proximity=0)
    with pytest.raises(Degenerate, match="no neighbours"):
        nearest_density(alone, 1)


def test_density_over_all_neighbours_is_density_without_self() -> None:
    present = present_of()
    found = nearest_density(present, 34)
    np.testing.assert_allclose(found, find_space(present, self_proximity=0).density, atol=1e-13)


def test_density_over_few_neighbours_is_weighted_by_their_proximity() -> None:
    present = present_of()
    phi = Plain(present, 0).phi()
    found = nearest_density(present, 5)
    for product in range(35):
        row = phi[product]
        near = row >= np.sort(row)[-5]
        expected = (present[:, near] * row[near]).sum(axis=1) / row[near].sum()
        np.testing.assert_allclose(found[:, product], expected, atol=1e-13)
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("neighbours", [0, 35, -1])
def test_neighbours_are_at_least_one_and_fewer_than_the_products(neighbours: int) -> None:
    with pytest.raises(BadParameter, match="1 to 34"):
        nearest_density(present_of(), neighbours)


def test_relative_relatedness_standardises_over_what_a_country_does_not_have() -> None:
    space = find_space(present_of())
    names = tuple(f"C{at:03d}" for at in range(20))
    found = relative_relatedness(space, names)
    for row, name in enumerate(found.countries):
        options = space.present[names.index(name)] == 0
        assert found.values[row, options].mean() == pytest.approx(0.0, abs=1e-10)
        assert found.values[row, options].std() == pytest.approx(1.0)


def test_a_country_without_options_is_named_instead_of_standardised() -> None:
    found = relative_relatedness(find_space(STAIRS.values), STAIRS.rows)
    assert found.undefined == ("AAA", "BBB")
    assert found.countries == ("CCC",)
    assert np.isfinite(found.values).all()


def test_continuous_proximity_is_the_correlation_brought_between_zero_and_one() -> None:
    advantage = find_presence(drawn(), RAHDARI).advantage
    np.testing.assert_allclose(
        continuous_proximity(advantage), (1 + np.corrcoef(advantage.T)) / 2, atol=1e-13
    )


def test_a_product_of_one_advantage_everywhere_correlates_with_nothing() -> None:
    with pytest.raises(Degenerate, match="1 products have the same advantage everywhere"):
        continuous_proximity(np.array([[1.0, 0.3], [1.0, 0.7], [1.0, 2.0]]))
