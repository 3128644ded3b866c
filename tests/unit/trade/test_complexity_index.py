"""ECI and PCI by eigenvector and by reflections, fitness, and when neither exists."""

from dataclasses import replace

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.complexity import (
    RAHDARI,
    Caution,
    Conventions,
    Method,
    PciScale,
    PciSign,
    find_fitness,
    find_indices,
    find_presence,
)
from tests.unit.trade.complexity_worlds import GIVEN, STAIRS, drawn, named, tossed


def test_the_stairs_have_the_eigenvalues_and_the_order_that_were_worked_out_by_hand() -> None:
    found = find_indices(find_presence(STAIRS, GIVEN), GIVEN)
    assert found.diagnostics.second_eigenvalue == pytest.approx(1 / 4)
    assert found.diagnostics.gap == pytest.approx(1 / 4 - 1 / 9)
    # The eigenvector is (2, -1, -4): mean -1, deviation sqrt 6; products are -4, 2, 8 on the same scale.
    np.testing.assert_allclose(found.eci, np.array([3, 0, -3]) / np.sqrt(6), atol=1e-12)
    np.testing.assert_allclose(found.pci, np.array([-3, 3, 9]) / np.sqrt(6), atol=1e-12)
    np.testing.assert_allclose(found.uncentred_pci, np.array([-4, 2, 8]) / np.sqrt(6), atol=1e-12)


def test_the_index_is_the_second_eigenvector_of_the_unsymmetric_matrix_of_the_paper() -> None:
    presence = find_presence(drawn(), RAHDARI)
    present = presence.present
    walk = (present / presence.diversity[:, None]) @ (present / presence.ubiquity).T
    values, vectors = np.linalg.eig(walk)
    second = np.real(vectors[:, np.argsort(values.real)[-2]])
    found = find_indices(presence, RAHDARI)
    assert abs(np.corrcoef(second, found.eci)[0, 1]) == pytest.approx(1.0, abs=1e-12)
    assert found.diagnostics.second_eigenvalue == pytest.approx(np.sort(values.real)[-2])


def test_a_country_is_as_complex_as_its_products_on_average() -> None:
    presence = find_presence(drawn(), RAHDARI)
    found = find_indices(presence, RAHDARI)
    np.testing.assert_allclose(presence.present @ found.pci / presence.diversity, found.eci, atol=1e-13)


def test_the_index_has_mean_zero_and_deviation_one() -> None:
    found = find_indices(find_presence(drawn(), RAHDARI), RAHDARI)
    assert found.eci.mean() == pytest.approx(0.0, abs=1e-13)
    assert found.eci.std() == pytest.approx(1.0)


def test_the_diverse_end_is_up() -> None:
    for seed in range(5):
        presence = find_presence(drawn(seed=seed), RAHDARI)
        found = find_indices(presence, RAHDARI)
        correlation = np.corrcoef(found.eci, presence.diversity)[0, 1]
        assert correlation == pytest.approx(found.diagnostics.correlation)
        assert correlation > 0


def test_own_scale_gives_pci_mean_zero_and_deviation_one_with_the_declared_degrees_of_freedom() -> None:
    for ddof in (0, 1):
        own = Conventions(pci_scale=PciScale.OWN, ddof=ddof)
        found = find_indices(find_presence(drawn(), own), own)
        for values in (found.eci, found.pci):
            assert values.mean() == pytest.approx(0.0, abs=1e-13)
            assert values.std(ddof=ddof) == pytest.approx(1.0)


def test_where_ubiquity_decides_the_sign_of_pci_it_falls_with_ubiquity_and_a_contradiction_is_said() -> None:
    by_ubiquity = replace(GIVEN, pci_sign=PciSign.UBIQUITY)
    against = 0
    for seed in range(40):
        presence = find_presence(tossed(seed), by_ubiquity)
        found, usual = find_indices(presence, by_ubiquity), find_indices(presence, GIVEN)
        assert np.corrcoef(found.pci, presence.ubiquity)[0, 1] <= 0
        is_turned = bool(np.corrcoef(found.pci, usual.pci)[0, 1] < 0)
        assert (Caution.PCI_AGAINST_ECI in found.diagnostics.cautions) is is_turned
        against += is_turned
    assert 0 < against < 40


def test_many_reflections_arrive_at_the_eigenvector() -> None:
    many = Conventions(method=Method.REFLECTIONS, reflections=400)
    presence = find_presence(drawn(), many)
    found, exact = find_indices(presence, many), find_indices(presence, RAHDARI)
    np.testing.assert_allclose(found.eci, exact.eci, atol=1e-10)
    assert Caution.NOT_CONVERGED not in found.diagnostics.cautions


def test_few_reflections_are_said_not_to_have_arrived() -> None:
    few = Conventions(method=Method.REFLECTIONS, reflections=2)
    found = find_indices(find_presence(drawn(), few), few)
    assert Caution.NOT_CONVERGED in found.diagnostics.cautions


def test_reflections_are_the_averages_of_the_paper() -> None:
    few = Conventions(method=Method.REFLECTIONS, reflections=4, pci_scale=PciScale.OWN)
    presence = find_presence(drawn(), few)
    present = presence.present
    countries, products = presence.diversity, presence.ubiquity
    for step in range(1, 6):
        before = countries
        if step < 5:
            countries = present @ products / presence.diversity
        products = present.T @ before / presence.ubiquity
    found = find_indices(presence, few)
    np.testing.assert_allclose(found.eci, (countries - countries.mean()) / countries.std(), atol=1e-10)
    np.testing.assert_allclose(found.pci, (products - products.mean()) / products.std(), atol=1e-10)


@pytest.mark.parametrize("shape", [(2, 5), (5, 2)])
def test_fewer_than_three_countries_or_products_have_no_index(shape: tuple[int, int]) -> None:
    table = np.tri(*shape)
    table[:, 0] = 1
    table[0] = 1
    with pytest.raises(Degenerate, match=f"{shape[0]} countries by {shape[1]} products"):
        find_indices(find_presence(named(table), GIVEN), GIVEN)


def test_countries_with_the_same_products_have_no_second_eigenvalue() -> None:
    with pytest.raises(Degenerate, match="no second eigenvalue"):
        find_indices(find_presence(named(np.ones((4, 5))), GIVEN), GIVEN)


def test_two_equal_eigenvalues_are_refused() -> None:
    ring = np.eye(5) + np.roll(np.eye(5), 1, axis=1)
    with pytest.raises(Degenerate, match="second and third eigenvalue are both"):
        find_indices(find_presence(named(ring), GIVEN), GIVEN)


def test_an_index_without_a_direction_is_refused() -> None:
    # All countries have two products each: nothing says which end is up.
    path = named([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 0, 0]])
    with pytest.raises(Degenerate, match="which end of it is up"):
        find_indices(find_presence(path, GIVEN), GIVEN)


def test_a_small_gap_is_said() -> None:
    found = find_indices(find_presence(tossed(5), GIVEN), GIVEN)
    assert found.diagnostics.gap < 0.01
    assert found.diagnostics.cautions == (Caution.SMALL_GAP,)


def test_a_weak_direction_is_said() -> None:
    found = find_indices(find_presence(tossed(3), GIVEN), GIVEN)
    assert found.diagnostics.correlation < 0.1
    assert found.diagnostics.cautions == (Caution.WEAK_SIGN,)


def test_a_sound_table_has_no_cautions_and_a_trimmed_one_says_so() -> None:
    sound = find_indices(find_presence(drawn(40, 120), RAHDARI), RAHDARI)
    assert sound.diagnostics.cautions == ()
    table = drawn(40, 120).values.copy()
    table[3], table[:, 7] = 0.0, 0.0
    found = find_indices(find_presence(named(table), RAHDARI), RAHDARI).diagnostics
    assert found.cautions == (Caution.COUNTRIES_DROPPED, Caution.PRODUCTS_DROPPED)
    assert [one.code for one in found.dropped_countries + found.dropped_products] == ["C003", "P00007"]


def test_fitness_follows_the_equation_of_the_paper() -> None:
    presence = find_presence(drawn(), RAHDARI)
    fitness, complexity = np.ones(20), np.ones(35)
    for _ in range(19):
        raised = presence.present @ complexity
        lowered = 1 / (presence.present.T @ (1 / fitness))
        fitness, complexity = raised / raised.mean(), lowered / lowered.mean()
    found = find_fitness(presence)
    np.testing.assert_allclose(found.fitness, fitness, rtol=1e-12)
    np.testing.assert_allclose(found.complexity, complexity, rtol=1e-12)
    assert found.fitness.mean() == pytest.approx(1.0)


def test_more_updates_move_fitness_less() -> None:
    presence = find_presence(drawn(), RAHDARI)
    assert find_fitness(presence, updates=60).change < find_fitness(presence, updates=6).change


def test_a_fitness_that_falls_to_nothing_is_refused() -> None:
    presence = find_presence(named(np.tri(60)), GIVEN)
    with pytest.raises(Degenerate, match="take fewer updates"):
        find_fitness(presence, updates=1000, extremality=10.0)


@pytest.mark.parametrize(("updates", "extremality"), [(0, 1.0), (1001, 1.0), (5, 0.0), (5, 11.0)])
def test_fitness_has_bounds(updates: int, extremality: float) -> None:
    with pytest.raises(BadParameter):
        find_fitness(find_presence(drawn(), RAHDARI), updates=updates, extremality=extremality)


def test_conventions_that_nothing_is_defined_for_are_refused() -> None:
    wrong: list[dict[str, float]] = [
        {"threshold": 0.0},
        {"threshold": float("nan")},
        {"tie": -1e-9},
        {"tie": 0.1},
        {"reflections": 3},
        {"reflections": 0},
        {"reflections": 1002},
        {"ddof": 2},
        {"self_proximity": 2},
    ]
    for choice in wrong:
        with pytest.raises(BadParameter):
            replace(RAHDARI, **choice)  # type: ignore[arg-type]
