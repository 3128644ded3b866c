"""One market under another tariff: the hand fixture of the notes, several origins at once, bounds and refusals."""

import math
from itertools import permutations

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.rules.tariffs.effects import TariffEffects
from rahdari.trade.rules.tariffs.market import Diversion, Elasticities, TariffChange, simulate
from rahdari.trade.values import Matrix


def fixture(rest: tuple[float, ...] = (300.0,), **elasticities: float | Diversion) -> TariffEffects:
    """M_A = 100, M_B = 300, 10 per cent for all, then none for A; epsilon -1.5, sigma 1.5."""
    origins = ("AAA", *(f"B{place:02d}" for place in range(len(rest))))
    imports = Matrix(origins, ("01",), [[100.0], *([sold] for sold in rest)])
    before = np.full((len(origins), 1), 0.1)
    after = before.copy()
    after[0] = 0.0
    given = Elasticities(**{"demand": -1.5, "substitution": 1.5, **elasticities})  # type: ignore[arg-type]
    return simulate(TariffChange("JJJ", imports, before, after), given)


def test_the_hand_fixture_of_the_notes_holds() -> None:
    told = fixture()
    assert told.creation[0, 0] == pytest.approx(13.636364, abs=5e-7)
    assert told.diversion[0, 0] == pytest.approx(9.890110, abs=5e-7)
    assert told.totals().revenue_change_usd == pytest.approx(-10.989011, abs=5e-7)
    linear = fixture(diversion=Diversion.LINEAR)
    assert linear.diversion[0, 0] == pytest.approx(10.227273, abs=5e-7)
    assert linear.totals().revenue_change_usd == pytest.approx(-11.022727, abs=5e-7)
    finite = fixture(supply=1.5)
    assert finite.creation[0, 0] == pytest.approx(6.818182, abs=5e-7)
    assert finite.diversion[0, 0] == told.diversion[0, 0]


def test_the_rest_may_be_many_and_loses_in_proportion_to_what_it_sells() -> None:
    for form in Diversion:
        whole, parts = fixture(diversion=form), fixture((200.0, 70.0, 30.0), diversion=form)
        assert parts.diversion[0, 0] == pytest.approx(whole.diversion[0, 0], rel=1e-12)
        lost = whole.diversion[1, 0]
        np.testing.assert_allclose(parts.diversion[1:, 0], lost * np.array([200, 70, 30]) / 300, rtol=1e-12)


def test_the_exporters_price_rises_when_a_tariff_falls_and_only_if_supply_is_finite() -> None:
    assert not fixture().price_change.any()
    told = fixture(supply=1.5)
    assert told.price_change[0, 0] == pytest.approx(0.5 * 0.1 / 1.1)
    assert told.price_change[1, 0] == 0
    assert told.price_effect[0, 0] == pytest.approx(100 * 0.5 * 0.1 / 1.1)


def test_welfare_is_the_triangle_over_what_was_created() -> None:
    assert fixture().totals().welfare_usd == pytest.approx(0.05 * 13.636364, abs=1e-7)


def test_doubling_the_elasticity_of_demand_doubles_creation_exactly() -> None:
    one, two = fixture(demand=-0.7), fixture(demand=-1.4)
    assert two.creation[0, 0] == 2 * one.creation[0, 0]
    assert two.totals().creation_usd == 2 * one.totals().creation_usd


def test_doubling_substitution_doubles_linear_diversion_exactly_and_bounded_almost() -> None:
    linear = [fixture(substitution=s, diversion=Diversion.LINEAR).diversion[0, 0] for s in (1.0, 2.0)]
    assert linear[1] == pytest.approx(2 * linear[0], rel=1e-14)
    bounded = [fixture(substitution=s).diversion[0, 0] for s in (1.0, 2.0)]
    assert 1.9 < bounded[1] / bounded[0] < 2.0


def test_diversion_never_takes_more_than_the_rest_sells() -> None:
    assert fixture(substitution=1e9).diversion[0, 0] == pytest.approx(300, rel=1e-5)
    assert fixture(substitution=1e9).diversion[0, 0] <= 300
    assert fixture(substitution=1e9, diversion=Diversion.LINEAR).diversion[0, 0] == pytest.approx(300)


def literal_bounded(sold: list[float], ratios: list[float], sigma: float) -> list[float]:
    """Weights one step at a time, from the least favoured origin upwards."""
    weights: dict[int, float] = {}
    last: int | None = None
    for place in sorted((one for one in range(len(sold)) if sold[one]), key=lambda one: -ratios[one]):
        step = 1.0 if last is None else 1 + sigma * (1 - ratios[place] / ratios[last])
        weights[place] = step * (1.0 if last is None else weights[last])
        last = place
    shared = sum(sold[place] * weight for place, weight in weights.items())
    return [
        sum(sold) * one * weights.get(place, 0.0) / shared - one if one else 0.0
        for place, one in enumerate(sold)
    ]


def literal_linear(sold: list[float], ratios: list[float], sigma: float) -> list[float]:
    """Every pair by itself; whoever would lose more than it sells loses just that."""
    pairs = {
        (a, b): sold[a] * sold[b] / sum(sold) * sigma * (1 - ratios[a] / ratios[b])
        for a, b in permutations(range(len(sold)), 2)
        if ratios[a] < ratios[b]
    }
    moved = [0.0] * len(sold)
    for (a, b), step in pairs.items():
        leaves = sum(other for (_, loser), other in pairs.items() if loser == b)
        kept = step * min(1.0, sold[b] / leaves) if leaves else 0.0
        moved[a] += kept
        moved[b] -= kept
    return moved


SOLD = [100.0, 0.0, 250.0, 40.0, 10.0]
BEFORE = [0.10, 0.50, 0.20, 0.00, 0.30]
AFTER = [0.00, 0.00, 0.10, 0.05, 0.30]


def several(order: tuple[int, ...], form: Diversion, sigma: float = 2.0) -> TariffEffects:
    imports = Matrix([f"O{place}" for place in order], ("01",), [[SOLD[place]] for place in order])
    rates = [np.array([[rates[place]] for place in order]) for rates in (BEFORE, AFTER)]
    change = TariffChange("JJJ", imports, rates[0], rates[1])
    return simulate(change, Elasticities(demand=-1.2, substitution=sigma, diversion=form))


@pytest.mark.parametrize("sigma", [0.5, 2.0, 40.0])
@pytest.mark.parametrize("form", Diversion)
def test_origins_with_changes_of_their_own_get_what_the_formula_written_out_gives(
    form: Diversion, sigma: float
) -> None:
    ratios = [(1 + after) / (1 + before) for before, after in zip(BEFORE, AFTER, strict=True)]
    literal = literal_bounded if form is Diversion.BOUNDED else literal_linear
    told = several((0, 1, 2, 3, 4), form, sigma)
    np.testing.assert_allclose(told.diversion[:, 0], literal(SOLD, ratios, sigma), rtol=1e-9, atol=1e-9)
    assert told.diversion.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("form", Diversion)
def test_the_order_of_origins_does_not_matter(form: Diversion) -> None:
    whole = several((0, 1, 2, 3, 4), form).diversion[:, 0]
    for order in permutations(range(5)):
        np.testing.assert_allclose(several(order, form).diversion[:, 0], whole[list(order)], atol=1e-10)


@pytest.mark.parametrize("form", Diversion)
def test_an_origin_that_sells_next_to_nothing_hardly_matters_to_the_others(form: Diversion) -> None:
    two = fixture(diversion=form).diversion[0, 0]
    imports = Matrix(("AAA", "BBB", "CCC"), ("01",), [[100.0], [300.0], [1e-9]])
    change = TariffChange("JJJ", imports, [[0.1], [0.1], [0.1]], [[0.0], [0.1], [5.0]])
    told = simulate(change, Elasticities(demand=-1.5, diversion=form))
    assert told.diversion[0, 0] == pytest.approx(two, rel=1e-6)


@pytest.mark.parametrize("form", Diversion)
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.1, 2.0])
def test_an_origin_that_sells_nothing_changes_nothing_wherever_it_stands(
    form: Diversion, rate: float
) -> None:
    two = fixture(diversion=form).diversion[:, 0]
    imports = Matrix(("AAA", "BBB", "CCC"), ("01",), [[100.0], [300.0], [0.0]])
    change = TariffChange("JJJ", imports, [[0.1], [0.1], [0.1]], [[0.0], [0.1], [rate]])
    told = simulate(change, Elasticities(demand=-1.5, diversion=form))
    np.testing.assert_allclose(told.diversion[:, 0], [*two, 0.0], rtol=1e-13)


@pytest.mark.parametrize("form", Diversion)
def test_the_same_change_for_all_creates_and_diverts_nothing(form: Diversion) -> None:
    imports = Matrix(("AAA", "BBB"), ("01", "02"), [[5.0, 0.0], [7.0, 0.0]])
    change = TariffChange("JJJ", imports, np.full((2, 2), 0.2), np.zeros((2, 2)))
    told = simulate(change, Elasticities(diversion=form))
    assert not told.diversion.any()
    np.testing.assert_allclose(told.creation[:, 0], [5 / 6, 7 / 6])
    assert not told.creation[:, 1].any()


def test_products_do_not_touch_one_another() -> None:
    chance = np.random.default_rng(5)
    sold, before, after = chance.lognormal(3, 1, (6, 8)), chance.random((6, 8)), chance.random((6, 8))
    origins, products = [f"O{one}" for one in range(6)], tuple(f"{one:02d}" for one in range(8))
    demand = {code: -0.5 - place / 10 for place, code in enumerate(products)}
    whole = simulate(
        TariffChange("JJJ", Matrix(origins, products, sold), before, after), Elasticities(demand=demand)
    )
    for column, code in enumerate(products):
        one = slice(column, column + 1)
        alone = simulate(
            TariffChange("JJJ", Matrix(origins, (code,), sold[:, one]), before[:, one], after[:, one]),
            Elasticities(demand=demand[code]),
        )
        for name in ("creation", "diversion", "revenue_change"):
            np.testing.assert_allclose(getattr(whole, name)[:, one], getattr(alone, name), rtol=1e-11)


def test_a_prohibitive_tariff_takes_all_that_is_sold_and_no_more() -> None:
    imports = Matrix(("AAA", "BBB"), ("01",), [[100.0], [50.0]])
    change = TariffChange("JJJ", imports, [[0.0], [0.0]], [[9.0], [0.0]])
    told = simulate(change, Elasticities(demand=-3.0))
    left = imports.values + told.creation + told.diversion
    assert left.min() == 0
    assert told.floored == 1
    assert fixture().floored == 0


def test_a_market_that_buys_nothing_is_refused() -> None:
    nothing = Matrix(("AAA",), ("01",), [[0.0]])
    with pytest.raises(NothingTraded, match="JJJ buys none"):
        simulate(TariffChange("JJJ", nothing, [[0.1]], [[0.0]]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"demand": 0.0},
        {"demand": 1.0},
        {"demand": -math.inf},
        {"demand": math.nan},
        {"demand": {"01": 0.5}},
        {"substitution": 0.0},
        {"substitution": -1.0},
        {"substitution": math.inf},
        {"supply": 0.0},
        {"supply": -99.0},
        {"supply": math.nan},
    ],
)
def test_elasticities_outside_what_the_formulas_are_defined_for_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadParameter, match="elasticity"):
        Elasticities(**wrong)  # type: ignore[arg-type]


def test_a_product_without_an_elasticity_is_refused_by_name() -> None:
    imports = Matrix(("AAA",), ("01", "02"), [[1.0, 1.0]])
    with pytest.raises(BadParameter, match="for 02"):
        simulate(TariffChange("JJJ", imports, [[0.1, 0.1]], [[0.0, 0.0]]), Elasticities(demand={"01": -1.0}))


@pytest.mark.parametrize("rate", [-1.0, -2.0, math.nan, math.inf])
def test_a_rate_of_minus_a_hundred_per_cent_or_none_at_all_is_refused(rate: float) -> None:
    imports = Matrix(("AAA",), ("01",), [[1.0]])
    with pytest.raises(BadParameter, match="rate before of AAA, 01"):
        TariffChange("JJJ", imports, [[rate]], [[0.0]])
    with pytest.raises(BadParameter, match="rate after of AAA, 01"):
        TariffChange("JJJ", imports, [[0.0]], [[rate]])


def test_rates_of_another_shape_are_refused() -> None:
    with pytest.raises(BadParameter, match="shape"):
        TariffChange("JJJ", Matrix(("AAA",), ("01",), [[1.0]]), [[0.1, 0.2]], [[0.0]])


def test_the_table_has_codes_names_and_units() -> None:
    frame = fixture().to_frame({"01": "horses"})
    assert frame.columns == [
        "importer",
        "exporter",
        "product",
        "product_name",
        "imports_usd",
        "tariff_before_percent",
        "tariff_after_percent",
        "creation_usd",
        "diversion_usd",
        "price_change_percent",
        "price_effect_usd",
        "revenue_change_usd",
        "welfare_usd",
    ]
    assert frame.row(0)[:7] == ("JJJ", "AAA", "01", "horses", 100.0, 10.0, 0.0)
    assert frame["diversion_usd"].sum() == pytest.approx(0, abs=1e-12)


def test_an_answer_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        fixture().creation[0, 0] = 1.0
