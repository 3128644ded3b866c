"""Import substitution: handsets worked by hand, every verdict with its reason, and no value where none is added."""

import math
from dataclasses import replace

import pytest

from rahdari.trade import Matrix
from rahdari.trade.errors import BadParameter, BadTable, Degenerate
from rahdari.trade.rules.findings import Outcome
from rahdari.trade.rules.substitution import (
    Candidate,
    Input,
    Substitutable,
    SubstitutionConventions,
    SubstitutionTest,
    SubstitutionVerdict,
    Technology,
    ValueAdded,
    candidate,
    domestic_resource_cost,
    effective_protection,
    needed_protection,
    saving,
    substitute,
    value_added,
)

MILLION = 1e6
# Handsets put together from a kit: a made-up plant whose numbers are easy to follow.
HANDSETS = Technology(
    inputs=(
        Input("kit of parts", 0.82, tariff=0.05, imported_share=1.0),
        Input("packaging", 0.03, tariff=0.10, imported_share=0.0, is_available=True),
    ),
    tariff=0.25,
    attainable_share=0.8,
    scale_usd=300 * MILLION,
    factor_cost=0.24,
    social_factor_cost=0.18,
)
# The same product once boards, housings and batteries are made at home.
DEEPER = Technology(
    inputs=(
        Input("chips and screens", 0.40, tariff=0.0, imported_share=1.0),
        Input("boards and housings", 0.25, tariff=0.10, imported_share=0.2, is_available=True),
    ),
    tariff=0.15,
    attainable_share=0.8,
    scale_usd=300 * MILLION,
    factor_cost=0.42,
    social_factor_cost=0.315,
    exports_from_year=4,
)


def handsets(
    technology: Technology | None = HANDSETS,
    *,
    now: float = 1000 * MILLION,
    before: float = 600 * MILLION,
    sold: float = 20 * MILLION,
    density: float | None = 0.2,
) -> Candidate:
    return candidate("8517", (now, before, sold), technology=technology, density=density)


def test_trade_in_handsets_worked_by_hand() -> None:
    found = handsets()
    # The fifth root of 1000/600, less 1; and 1000 of 1020.
    assert found.growth == pytest.approx(0.107566, abs=1e-6)
    assert found.dependence == pytest.approx(0.980392, abs=1e-6)


def test_protection_of_handsets_worked_by_hand() -> None:
    found = handsets()
    # Inputs 0.85, of which duty 0.041 + 0.003 = 0.044; (0.25 - 0.044)/0.15.
    assert found.protection == pytest.approx(1.373333, abs=1e-6)
    # Home factors cost 0.24 where the world pays 0.15: 60 % more.
    assert found.protection_needed == pytest.approx(0.6)
    assert found.resource_cost == pytest.approx(1.2)


def test_an_assembled_phone_saves_only_what_is_not_imported() -> None:
    found = handsets()
    assert found.saving is not None
    assert found.saving.gross_usd == pytest.approx(800 * MILLION)
    # 800 x (1 - 0.82): less than a fifth of what is claimed.
    assert found.saving.net_usd == pytest.approx(144 * MILLION)
    # 200 of duty on phones no longer come in, 32.8 on kits do: the treasury pays more than the country saves.
    assert found.saving.revenue_lost_usd == pytest.approx(167.2 * MILLION)


def test_assembly_is_turned_down_with_its_reasons() -> None:
    found = handsets()
    assert found.verdict is SubstitutionVerdict.REJECTED
    assert [(one.test, one.code) for one in found.reasons] == [
        (SubstitutionTest.PROTECTION, "above_limit"),
        (SubstitutionTest.RESOURCE_COST, "above_limit"),
        (SubstitutionTest.EXPORTS, "no_plan_to_export"),
        (SubstitutionTest.PARTS, "not_available"),
    ]
    assert found.finding(SubstitutionTest.PROTECTION).number("value") == pytest.approx(0.6)
    assert found.finding(SubstitutionTest.PARTS).number("share") == pytest.approx(0.03 / 0.85)
    assert found.finding(SubstitutionTest.SCALE).number("ratio") == pytest.approx(800 / 300)


def test_deeper_making_is_accepted_and_complete() -> None:
    found = handsets(DEEPER)
    # 0.35 of value added: (0.15 - 0.025)/0.35, 0.42/0.35 - 1, 0.315/0.35; imported 0.40 + 0.05.
    assert found.protection == pytest.approx(0.357143, abs=1e-6)
    assert found.protection_needed == pytest.approx(0.2)
    assert found.resource_cost == pytest.approx(0.9)
    assert found.saving is not None
    assert found.saving.net_usd == pytest.approx(440 * MILLION)
    assert found.verdict is SubstitutionVerdict.ACCEPTED
    assert found.reasons == found.open_questions == ()


@pytest.mark.parametrize("kit", [0.97, 1.2])
def test_where_inputs_cost_as_much_as_the_product_no_protection_exists(kit: float) -> None:
    losing = replace(HANDSETS, inputs=(Input("kit", kit, tariff=0.05), Input("packaging", 0.03)))
    assert value_added(losing) is ValueAdded.NONE_OR_NEGATIVE
    for question in (effective_protection, needed_protection, domestic_resource_cost):
        with pytest.raises(Degenerate, match="no value added at world prices"):
            question(losing)
    found = handsets(losing)
    assert found.protection is found.protection_needed is found.resource_cost is None
    assert found.finding(SubstitutionTest.VALUE_ADDED).code == "none_or_negative"
    assert found.finding(SubstitutionTest.PROTECTION).code == "no_value_added_at_world_prices"
    assert found.verdict is SubstitutionVerdict.REJECTED


def test_a_kit_dearer_than_the_phone_saves_less_than_nothing() -> None:
    losing = replace(HANDSETS, inputs=(Input("kit", 1.2),))
    found = handsets(losing)
    assert found.saving is not None
    assert found.saving.net_usd == pytest.approx(-160 * MILLION)
    assert found.finding(SubstitutionTest.NET_SAVING).code == "saves_nothing"


def test_inputs_taxed_more_than_the_product_protect_it_less_than_nothing() -> None:
    burdened = replace(HANDSETS, tariff=0.02)
    assert effective_protection(burdened) == pytest.approx((0.02 - 0.044) / 0.15)


def test_without_inputs_effective_protection_is_the_tariff() -> None:
    assert effective_protection(Technology(inputs=(), tariff=0.3)) == pytest.approx(0.3)
    found = handsets(Technology(inputs=(), tariff=0.3))
    assert found.finding(SubstitutionTest.PARTS).code == "needs_none"


def test_an_equal_tariff_on_everything_protects_by_itself() -> None:
    even = Technology(inputs=(Input("a", 0.5, tariff=0.2), Input("b", 0.3, tariff=0.2)), tariff=0.2)
    assert effective_protection(even) == pytest.approx(0.2)


def test_a_market_below_the_efficient_scale_is_too_small() -> None:
    found = handsets(DEEPER, now=300 * MILLION)
    assert [one.code for one in found.reasons] == ["too_small"]
    # 0.8 x 300 against 300.
    assert found.finding(SubstitutionTest.SCALE).number("ratio") == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("changed", "test", "code"),
    [
        ({"exports_from_year": 6}, SubstitutionTest.EXPORTS, "too_late"),
        ({"exports_from_year": 5}, SubstitutionTest.EXPORTS, "exports_in_time"),
        ({"scale_usd": None}, SubstitutionTest.SCALE, "not_given"),
        ({"scale_usd": 0.0}, SubstitutionTest.SCALE, "large_enough"),
        ({"factor_cost": None}, SubstitutionTest.PROTECTION, "not_given"),
        ({"social_factor_cost": None}, SubstitutionTest.RESOURCE_COST, "not_given"),
    ],
)
def test_each_test_has_its_codes(changed: dict[str, float], test: SubstitutionTest, code: str) -> None:
    found = handsets(replace(DEEPER, **changed))  # type: ignore[arg-type]
    assert found.finding(test).code == code


def test_what_lacks_numbers_is_left_open_not_accepted() -> None:
    found = handsets(None, density=None)
    assert found.verdict is SubstitutionVerdict.OPEN
    assert found.reasons == ()
    assert len(found.open_questions) == 8
    assert found.saving is None
    assert {one.code for one in found.findings if one.outcome is Outcome.NOT_JUDGED} == {"not_given"}


def test_far_from_all_that_is_made_is_too_far() -> None:
    assert handsets(DEEPER, density=0.05).finding(SubstitutionTest.DENSITY).code == "far"


@pytest.mark.parametrize(
    ("now", "before", "sold", "growth", "dependence"),
    [
        (0.0, 100.0, 50.0, "not_imported_now", "exporter_already"),
        (100.0, 0.0, 0.0, "not_imported_before", "dependent"),
        (0.0, 0.0, 0.0, "not_imported_now", "not_traded"),
        (50.0, 100.0, 500.0, "not_growing", "exporter_already"),
    ],
)
def test_trade_that_is_none_has_reasons(
    now: float, before: float, sold: float, growth: str, dependence: str
) -> None:
    found = handsets(DEEPER, now=now, before=before, sold=sold)
    assert found.finding(SubstitutionTest.GROWTH).code == growth
    assert found.finding(SubstitutionTest.DEPENDENCE).code == dependence


def test_growth_and_dependence_matter_but_turn_nothing_down() -> None:
    found = handsets(DEEPER, now=500 * MILLION, before=900 * MILLION, sold=5000 * MILLION)
    assert found.finding(SubstitutionTest.GROWTH).outcome is Outcome.NOT_MET
    assert found.finding(SubstitutionTest.DEPENDENCE).outcome is Outcome.NOT_MET
    assert found.verdict is SubstitutionVerdict.ACCEPTED


def facts() -> Substitutable:
    sides = (("PAK", "CHN"), ("8517", "8708", "1006", "9999"))
    return Substitutable(
        imports=Matrix(*sides, [[1000.0 * MILLION, 500.0 * MILLION, 40.0, 0.0], [0.0] * 4]),
        imports_before=Matrix(*sides, [[600.0 * MILLION, 700.0 * MILLION, 30.0, 0.0], [0.0] * 4]),
        exports=Matrix(*sides, [[20.0 * MILLION, 0.0, 900.0, 0.0], [0.0] * 4]),
        technologies={"8517": HANDSETS, "8708": DEEPER},
        density={"8517": 0.2, "8708": 0.3},
    )


def test_the_accepted_stand_first_and_then_what_saves_most() -> None:
    found = substitute("PAK", facts=facts())
    # Rice has no technology: nothing speaks against it, and nothing for it.
    told = [(one.product, one.verdict) for one in found.candidates]
    assert told == [
        ("8708", SubstitutionVerdict.ACCEPTED),
        ("1006", SubstitutionVerdict.OPEN),
        ("8517", SubstitutionVerdict.REJECTED),
    ]
    with pytest.raises(BadParameter, match="no product '9999'"):
        found.of("9999")


def test_the_frame_is_tidy() -> None:
    frame = substitute("PAK", facts=facts()).to_frame(names={"8517": "Telephones"})
    phones = frame.filter(product_code="8517").to_dicts()[0]
    assert phones["product_name"] == "Telephones"
    assert phones["net_saving_usd"] == pytest.approx(144 * MILLION)
    assert phones["reasons"].startswith("protection=above_limit resource_cost=above_limit")
    rice = frame.filter(product_code="1006").to_dicts()[0]
    assert rice["net_saving_usd"] is None
    assert rice["product_name"] is None


def test_nothing_imported_gives_an_empty_answer_not_an_error() -> None:
    found = substitute("CHN", facts=replace(facts(), technologies={}))
    assert found.candidates == ()
    assert found.to_frame().height == 0


def test_saving_is_in_proportion_to_imports() -> None:
    one, two = saving(100.0, HANDSETS), saving(200.0, HANDSETS)
    assert two.net_usd == pytest.approx(2 * one.net_usd)
    assert two.revenue_lost_usd == pytest.approx(2 * one.revenue_lost_usd)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Input("x", -0.1),
        lambda: Input("x", 6.0),
        lambda: Input("x", 0.1, tariff=11.0),
        lambda: Input("x", 0.1, imported_share=1.1),
        lambda: Input("x", math.nan),
        lambda: Technology(inputs=(), attainable_share=1.5),
        lambda: Technology(inputs=(), tariff=-0.1),
        lambda: Technology(inputs=(), factor_cost=-1.0),
        lambda: Technology(inputs=(), scale_usd=math.inf),
        lambda: Technology(inputs=(), exports_from_year=-1),
        lambda: Technology(inputs=(Input("x", 0.001),) * 201),
        lambda: SubstitutionConventions(years=0),
        lambda: SubstitutionConventions(parts_min=2.0),
        lambda: handsets(now=-1.0),
        lambda: handsets(before=math.inf),
        lambda: handsets(density=1.5),
    ],
)
def test_numbers_that_cannot_be_are_refused(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(BadParameter):
        wrong()


def test_tables_that_do_not_fit_are_refused() -> None:
    other = Matrix(("PAK", "CHN"), ("8517",), [[1.0], [0.0]])
    with pytest.raises(BadTable, match="same products"):
        replace(facts(), exports=other)
    with pytest.raises(BadParameter, match="given for 1234"):
        replace(facts(), technologies={"1234": HANDSETS})
    with pytest.raises(BadTable, match="'XXX'"):
        substitute("XXX", facts=facts())


@pytest.mark.parametrize(
    ("cost", "needed"), [(0.15, 0.0), (0.12, -0.2), (0.225, 0.5), (0.30, 1.0), (0.0, -1.0)]
)
def test_the_protection_that_is_needed_is_what_factors_cost_beyond_the_worlds(
    cost: float, needed: float
) -> None:
    # Value added at world prices is 0.15: whoever makes it for that needs none, for less he could even be taxed.
    assert needed_protection(replace(HANDSETS, factor_cost=cost)) == pytest.approx(needed)


@pytest.mark.parametrize(
    ("cap", "outcome"), [(0.59, Outcome.NOT_MET), (0.61, Outcome.MET), (2.0, Outcome.MET)]
)
def test_a_higher_cap_lets_more_through(cap: float, outcome: Outcome) -> None:
    found = candidate(
        "8517",
        (1000 * MILLION, 600 * MILLION, 0.0),
        technology=HANDSETS,
        conventions=SubstitutionConventions(protection_max=cap),
    )
    assert found.finding(SubstitutionTest.PROTECTION).outcome is outcome


def test_gates_can_be_opened_one_by_one() -> None:
    closed = SubstitutionConventions(gates=frozenset({SubstitutionTest.EXPORTS}))
    trade = (1000 * MILLION, 600 * MILLION, 0.0)
    found = candidate("8517", trade, technology=HANDSETS, conventions=closed)
    assert [one.test for one in found.reasons] == [SubstitutionTest.EXPORTS]
    open_to_all = SubstitutionConventions(gates=frozenset())
    free = candidate("8517", trade, technology=HANDSETS, conventions=open_to_all)
    assert free.verdict is SubstitutionVerdict.ACCEPTED


def test_half_of_an_input_from_home_saves_half_of_it() -> None:
    half = Technology(inputs=(Input("steel", 0.6, imported_share=0.5),))
    assert half.inputs_share == pytest.approx(0.6)
    assert half.imported_share == pytest.approx(0.3)
    assert saving(100.0, half).net_usd == pytest.approx(70.0)
