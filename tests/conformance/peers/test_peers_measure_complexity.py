"""Our modes give what each peer gives, figure by figure; where a peer gives no figures, ours refuse by name.

The peers run in the second environment (``make peers``), as a process of their own.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.complexity_room import ComplexityRoom, PeerAnswer
from benchmarks.peer_room import ABSENT, is_present
from rahdari.trade.errors import Degenerate, NothingTraded
from rahdari.trade.rules.complexity import (
    ECOMPLEXITY_0_5_3,
    ECONCOMPLEX_1_0_1,
    ECONOMIC_COMPLEXITY_0_3_0,
    RAHDARI,
    Complexity,
    Conventions,
    Method,
    PciScale,
    PciSign,
    continuous_proximity,
    find_fitness,
    measure,
    rca,
)
from rahdari.trade.values import Amounts
from tests.unit.trade.complexity_worlds import drawn, named

MODES = {
    "ecomplexity": ECOMPLEXITY_0_5_3,
    "econcomplex": ECONCOMPLEX_1_0_1,
    "economic-complexity": ECONOMIC_COMPLEXITY_0_3_0,
}
EACH = pytest.mark.parametrize("peer", MODES)
TABLES = pytest.mark.parametrize("shape", [(12, 15, 4), (20, 35, 1), (35, 20, 2), (60, 240, 7)])

# Eigenvectors of a matrix that is not symmetric are good to some 1e-13; raw reflections lose digits as they go.
CLOSE = 1e-8


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplexityRoom]:
    if not is_present():
        pytest.skip(ABSENT)
    with ComplexityRoom(tmp_path_factory.mktemp("peers")) as opened:
        yield opened


def both(
    room: ComplexityRoom, peer: str, table: Amounts, threshold: float = 1.0
) -> tuple[Complexity, PeerAnswer]:
    ours = measure(named(table), conventions=replace(MODES[peer], threshold=threshold))
    return ours, room.ask(peer, table, threshold=threshold)


def without_zeros(seed: int, countries: int, products: int) -> Amounts:
    """A table that leaves no hole in a peer's answer."""
    return drawn(countries, products, seed).values + 1.0


@EACH
@TABLES
def test_every_figure_of_a_peer_is_reproduced(
    room: ComplexityRoom, peer: str, shape: tuple[int, int, int]
) -> None:
    countries, products, seed = shape
    ours, theirs = both(room, peer, without_zeros(seed, countries, products))
    for name in sorted({"eci", "pci", "density", "coi", "cog"} & theirs.found.keys()):
        figures: Amounts = getattr(ours, name)
        scale = np.abs(theirs.found[name]).max()
        np.testing.assert_allclose(figures, theirs.found[name], atol=CLOSE * scale, err_msg=name)


@EACH
def test_no_country_stands_elsewhere_than_with_the_peer(room: ComplexityRoom, peer: str) -> None:
    ours, theirs = both(room, peer, without_zeros(7, 60, 240))
    np.testing.assert_array_equal(np.argsort(ours.eci), np.argsort(theirs.found["eci"]))


@pytest.mark.parametrize("peer", ["ecomplexity", "economic-complexity"])
def test_another_threshold_is_reproduced(room: ComplexityRoom, peer: str) -> None:
    table = without_zeros(1, 20, 35)
    ours, theirs = both(room, peer, table, threshold=0.5)
    np.testing.assert_allclose(ours.eci, theirs.found["eci"], atol=CLOSE)
    np.testing.assert_allclose(ours.cog, theirs.found["cog"], atol=CLOSE * np.abs(ours.cog).max())


def test_two_peers_have_the_exact_order_of_countries_and_one_only_nearly(room: ComplexityRoom) -> None:
    table = without_zeros(1, 20, 35)
    exact = measure(named(table)).eci
    for peer in ("ecomplexity", "econcomplex"):
        np.testing.assert_allclose(room.ask(peer, table).found["eci"], exact, atol=CLOSE)
    reflected = room.ask("economic-complexity", table).found["eci"] * np.sqrt(20 / 19)
    assert np.abs(reflected - exact).max() > 1e-4


def test_one_peer_turns_the_products_against_its_countries(room: ComplexityRoom) -> None:
    turned = 0
    for seed in range(20):
        table = np.random.default_rng(seed).integers(1, 9, (12, 15)).astype(float) ** 3
        world = measure(named(table), conventions=ECONCOMPLEX_1_0_1)
        found = room.ask("econcomplex", table).found
        np.testing.assert_allclose(world.pci, found["pci"], atol=CLOSE)
        usual = measure(named(table), conventions=RAHDARI)
        turned += bool(np.corrcoef(usual.pci, found["pci"])[0, 1] < 0)
    assert turned


def test_no_peer_gives_the_gain_that_the_outlook_takes(room: ComplexityRoom) -> None:
    table = without_zeros(1, 20, 35)
    exact = measure(named(table))
    absent = exact.presence.present == 0
    for peer in MODES:
        theirs = room.ask(peer, table).found["cog"][absent]
        line = np.polyfit(exact.cog[absent], theirs, 1)
        assert np.abs(np.polyval(line, exact.cog[absent]) - theirs).max() > 0.01


def test_relative_relatedness_is_that_of_two_peers(room: ComplexityRoom) -> None:
    table = without_zeros(1, 20, 35)
    for peer in ("econcomplex", "economic-complexity"):
        ours = measure(named(table), conventions=MODES[peer])
        theirs = room.ask(peer, table, more=True).found["relative"]
        is_given = np.isfinite(theirs)
        assert bool((is_given | (ours.presence.present == 1)).all())
        np.testing.assert_allclose(ours.relative_relatedness().values[is_given], theirs[is_given], atol=CLOSE)


def test_fitness_of_the_same_step_is_that_of_a_peer(room: ComplexityRoom) -> None:
    table = without_zeros(1, 20, 35)
    theirs = room.ask("econcomplex", table, more=True).found
    ours = find_fitness(measure(named(table)).presence, updates=20, is_lagged=False)
    np.testing.assert_allclose(ours.fitness, theirs["fitness"], rtol=1e-9)
    np.testing.assert_allclose(ours.complexity, theirs["complexity"], rtol=1e-9)


def test_reflections_are_those_of_a_peer_as_far_as_both_sides_are_compared(room: ComplexityRoom) -> None:
    table = without_zeros(1, 20, 35)
    theirs = room.ask("econcomplex", table, more=True).found["reflected"]
    reflected = Conventions(
        method=Method.REFLECTIONS, reflections=18, pci_scale=PciScale.OWN, pci_sign=PciSign.UBIQUITY
    )
    np.testing.assert_allclose(measure(named(table), conventions=reflected).eci, theirs, atol=CLOSE)


def test_proximities_are_those_of_the_peers(room: ComplexityRoom) -> None:
    table = without_zeros(1, 20, 35)
    discrete = room.ask("economic-complexity", table, more=True).found["proximity"]
    ours = measure(named(table), conventions=ECONOMIC_COMPLEXITY_0_3_0).proximity()
    np.testing.assert_allclose(ours, discrete, atol=1e-14)
    continuous = room.ask("econcomplex", table, more=True).found["continuous"]
    theirs = continuous + np.eye(35)  # the peer leaves a product's proximity to itself out
    np.testing.assert_allclose(continuous_proximity(rca(named(table)).values), theirs, atol=1e-12)


def test_where_peers_answer_nan_for_an_untraded_product_ours_names_it(room: ComplexityRoom) -> None:
    table = without_zeros(1, 20, 35)
    table[:, 4] = 0.0
    assert np.isnan(room.ask("economic-complexity", table).found["eci"]).all()
    with pytest.raises(NothingTraded, match="P00004"):
        measure(named(table), conventions=ECONOMIC_COMPLEXITY_0_3_0)
    assert [one.code for one in measure(named(table)).diagnostics.dropped_products] == ["P00004"]


def test_where_a_peer_answers_nan_for_an_absent_product_ours_refuses(room: ComplexityRoom) -> None:
    table = drawn(30, 60, seed=5).values
    theirs = room.ask("economic-complexity", table, threshold=4.0).found
    assert np.isnan(theirs["eci"]).all()
    assert np.isnan(room.ask("ecomplexity", table, threshold=4.0).found["coi"]).all()
    for mode in (ECOMPLEXITY_0_5_3, ECONOMIC_COMPLEXITY_0_3_0):
        with pytest.raises(Degenerate, match=r"threshold of 4\.0"):
            measure(named(table), conventions=replace(mode, threshold=4.0))


def test_a_peer_that_trims_has_the_index_of_the_trimmed_table(room: ComplexityRoom) -> None:
    table = drawn(30, 60, seed=5).values
    theirs = room.ask("econcomplex", table, threshold=4.0, more=True).found
    ours = measure(named(table), conventions=replace(ECONCOMPLEX_1_0_1, threshold=4.0))
    gone = {one.code for one in ours.diagnostics.dropped_products}
    kept = [at for at, code in enumerate(named(table).columns) if code not in gone]
    assert gone
    np.testing.assert_allclose(ours.eci, theirs["eci"], atol=CLOSE)
    np.testing.assert_allclose(ours.pci, theirs["pci"][kept], atol=CLOSE)
    assert np.isnan(theirs["coi"]).all()
    assert np.isfinite(ours.coi).all()


def test_where_peers_order_worlds_apart_ours_refuses(room: ComplexityRoom) -> None:
    table = np.zeros((8, 10))
    table[:4, :5] = drawn(4, 5, seed=2).values
    table[4:, 5:] = drawn(4, 5, seed=3).values
    assert np.isfinite(room.ask("econcomplex", table, more=False).found["eci"]).all()
    with pytest.raises(Degenerate, match="no product in common"):
        measure(named(table), conventions=ECONCOMPLEX_1_0_1)
