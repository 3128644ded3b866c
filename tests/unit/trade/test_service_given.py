"""Growth, distances and elasticities that are given: what they do to a potential, and who is not told of."""

import json
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from rahdari.app.analyst import wish_of
from rahdari.trade import (
    Answer,
    BadParameter,
    Country,
    CountryCode,
    DataMissing,
    Distances,
    Exponent,
    FileUsed,
    Growth,
    GrowthLever,
    Level,
    Levers,
    Matrix,
    PotentialWish,
    Product,
    ProductCode,
    Rates,
    RelocateWish,
    Revision,
    Scope,
    Source,
    Terms,
    WageGap,
)
from rahdari.trade.ports import FlowBook
from rahdari.trade.service.asking import parameters_of
from rahdari.trade.service.given import Role, named
from rahdari.trade.service.potential import ask_potential
from rahdari.trade.service.relocate import ask_relocate, by_longest_prefix
from rahdari.wire import tariff_schedule

# Two exporters, two other markets, two products: the fixture of the field notes (1.6).
COUNTRIES = ("AAA", "BBB", "CCC", "DDD")
PRODUCTS = ("010101", "740311")
FLOWS = np.zeros((4, 4, 2))
FLOWS[0, 2], FLOWS[0, 3], FLOWS[1, 2], FLOWS[1, 3] = (10, 30), (20, 40), (40, 20), (10, 30)


class Toy:
    """A book of one table of flows, the same in every year."""

    flows = FLOWS
    years = tuple(range(2001, 2021))
    source = Source("toy", "1", Revision.HS92, "0" * 64, "nobody")
    countries = tuple(Country(CountryCode(code), f"Land {code}", at) for at, code in enumerate(COUNTRIES))

    def products(self, level: Level) -> tuple[Product, ...]:
        return tuple(Product(ProductCode(code), f"thing {code}") for code in PRODUCTS)

    def exports(self, years: object, level: object) -> Matrix:
        return Matrix(COUNTRIES, PRODUCTS, self.flows.sum(axis=1))

    def imports(self, years: object, level: object) -> Matrix:
        return Matrix(COUNTRIES, PRODUCTS, self.flows.sum(axis=0))

    def bilateral(self, years: object) -> Matrix:
        return Matrix(COUNTRIES, COUNTRIES, self.flows.sum(axis=2))

    def sold_by(self, exporter: str, years: object, level: object) -> Matrix:
        return Matrix(COUNTRIES, PRODUCTS, self.flows[COUNTRIES.index(exporter)])

    def bought_by(self, importer: str, years: object, level: object) -> Matrix:
        return Matrix(COUNTRIES, PRODUCTS, self.flows[:, COUNTRIES.index(importer)])

    def of_product(self, product: str, years: object) -> Matrix:
        return Matrix(COUNTRIES, COUNTRIES, self.flows[:, :, PRODUCTS.index(product)])

    def quantities(self, years: object, level: object) -> tuple[Matrix, Matrix]:
        raise AssertionError("no question here weighs anything")


class Busy(Toy):
    """The same, and the donor of the relocation tests buys more than all others."""

    flows = FLOWS.copy()
    flows[0, 1] = (5000.0, 5000.0)


BOOK: FlowBook = Toy()
SCOPE = Scope(exporter=CountryCode("AAA"), market=CountryCode("CCC"), years=(2020,), level=Level.HS6)
EVERYBODY = dict.fromkeys(COUNTRIES, 1.0)
NEAR = Distances(kilometres={"AAA": {"CCC": 1000.0}, "BBB": {"CCC": 3000.0}})


def asked(wish: PotentialWish, scope: Scope = SCOPE) -> Answer:
    return ask_potential(BOOK, scope, wish)


def values(answer: Answer) -> dict[str, float]:
    return dict(answer.table.select("product_code", "potential_usd").iter_rows())


def codes(answer: Answer) -> dict[str, dict[str, object]]:
    return {one.code: dict(one.values) for one in answer.notes}


def growing(
    gdp: dict[str, float], population: dict[str, float] | None = None, **more: float
) -> PotentialWish:
    terms = Terms(growth=True, income_elasticity=Exponent(more.get("elasticity", 1.0)))
    return PotentialWish(terms=terms, growth=Growth({**EVERYBODY, **gdp}, population or {}))


STATIC = values(asked(PotentialWish()))


def test_the_static_potential_is_that_of_the_notes() -> None:
    noted = {"010101": 15.652174, "740311": 24.347826}
    assert dict(STATIC) == pytest.approx(noted, abs=1e-6)


def test_a_growth_of_one_gives_the_static_result_to_the_last_digit() -> None:
    still = asked(growing({}, EVERYBODY, elasticity=1.7))
    assert values(still) == STATIC
    lever = PotentialWish(levers=Levers(growth=(GrowthLever(country="CCC", gdp=1.0, population=1.0),)))
    assert values(asked(lever)) == STATIC
    assert asked(lever).figures["levers_add_usd"] == 0.0


def test_the_exporters_growth_projects_the_shares_of_the_notes() -> None:
    answer = asked(growing({"AAA": 1.2, "BBB": 1.1}))
    terms = answer.tables["terms"].filter(pl.col("term").is_in(["share", "share_growth"]))
    share = terms.group_by("product_code", maintain_order=True).agg(pl.col("value").product())
    assert dict(share.iter_rows()) == pytest.approx({"010101": 0.395604, "740311": 0.604317}, abs=1e-6)


@pytest.mark.parametrize("elasticity", [0.0, 0.5, 1.0, 2.0])
def test_the_markets_growth_moves_demand_by_income_to_its_elasticity_and_by_population(
    elasticity: float,
) -> None:
    gdp, people = 1.3, 1.1
    answer = asked(growing({"CCC": gdp}, {"CCC": people, "AAA": 5.0}, elasticity=elasticity))
    factor = (gdp / people) ** elasticity * people
    assert values(answer) == pytest.approx({code: value * factor for code, value in STATIC.items()})


def test_without_a_population_all_growth_is_income_and_the_answer_says_so() -> None:
    answer = asked(growing({"CCC": 1.3}, elasticity=2.0))
    assert values(answer) == pytest.approx({code: value * 1.69 for code, value in STATIC.items()})
    assert "growth_without_population" in codes(answer)
    assert "growth_without_population" not in codes(asked(growing({}, EVERYBODY)))


def test_an_elasticity_by_product_is_taken_for_what_begins_with_it() -> None:
    wish = growing({"CCC": 1.5})
    terms = replace(wish.terms, income_elasticity=Exponent(1.0, {"74": 3.0, "99": 2.0}))
    answer = asked(replace(wish, terms=terms))
    expected = {"010101": STATIC["010101"] * 1.5, "740311": STATIC["740311"] * 1.5**3}
    assert values(answer) == pytest.approx(expected)
    assert codes(answer)["elasticities_of_others"] == {"products": 1, "codes": "99"}


def test_the_lever_of_growth_multiplies_the_markets_demand_and_nothing_else() -> None:
    answer = asked(PotentialWish(levers=Levers(growth=(GrowthLever(country="CCC", gdp=1.25),))))
    assert values(answer) == pytest.approx({code: value * 1.25 for code, value in STATIC.items()})
    assert answer.figures["levers_add_usd"] == pytest.approx(0.25 * sum(STATIC.values()))


def test_the_product_distance_takes_away_by_the_difference_of_logarithms() -> None:
    wish = PotentialWish(terms=Terms(product_distance=True), distances=NEAR)
    answer = asked(wish)
    # A's goods make 15.65 of 51.65 of the first product there by shares and ease, B's 36.
    for code, other in (("010101", 36.0), ("740311", 24.0)):
        weight = STATIC[code] / (STATIC[code] + other)
        usual = weight * math.log(1000) + (1 - weight) * math.log(3000)
        assert values(answer)[code] == pytest.approx(STATIC[code] * math.exp(-abs(usual - math.log(1000))))
    told = answer.tables["terms"].filter(pl.col("term") == "product_distance")
    assert bool((told["value"] < 1).all())
    assert bool((told["log_contribution"] < 0).all())
    assert "other_distance" in answer.tables["reasons"]["why"].to_list()


def test_the_terms_of_a_product_multiply_to_its_potential() -> None:
    wish = replace(
        growing({"AAA": 1.2, "CCC": 1.3}, {"CCC": 1.1}), distances=NEAR,
        terms=Terms(growth=True, net_importer=True, product_distance=True),
    )  # fmt: skip
    answer = asked(wish)
    product = answer.tables["terms"].group_by("product_code").agg(pl.col("value").product())
    assert dict(product.iter_rows()) == pytest.approx(values(answer))
    assert set(answer.tables["terms"]["term"]) == {
        "share", "share_growth", "net_importer", "imports", "income", "population", "ease", "product_distance",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (PotentialWish(terms=Terms(growth=True)), "no growth is given"),
        (PotentialWish(terms=Terms(growth=True), growth=Growth({"CCC": 1.1})), "AAA is none of them"),
        (PotentialWish(terms=Terms(growth=True), growth=Growth({"AAA": 1.1})), "CCC is none of them"),
        (growing({}, {"AAA": 1.1}), "growth of population is given for 1 countries, and CCC"),
        (PotentialWish(terms=Terms(product_distance=True)), "no distances are given"),
        (
            PotentialWish(
                terms=Terms(product_distance=True), distances=Distances(kilometres={"BBB": {"CCC": 1.0}})
            ),
            "the way from AAA to CCC",
        ),
    ],
)
def test_what_is_not_told_of_exporter_or_market_is_refused_by_name(wish: PotentialWish, told: str) -> None:
    with pytest.raises(DataMissing, match=told):
        asked(wish)


def test_whoever_else_is_not_told_of_stays_as_it_is_and_is_named() -> None:
    answer = asked(
        PotentialWish(terms=Terms(growth=True), growth=Growth({"AAA": 1.2, "CCC": 1.1, "WLD": 2.0}))
    )
    assert codes(answer)["growth_not_known"] == {"countries": 2, "codes": "BBB, DDD"}
    assert codes(answer)["growth_of_others"] == {"countries": 1, "codes": "WLD"}
    same = asked(growing({"AAA": 1.2, "CCC": 1.1}))
    assert values(same) == values(answer)
    assert not {"growth_not_known", "growth_of_others"} & set(codes(same))


def test_pairs_whose_distance_is_not_known_are_counted_with_their_trade() -> None:
    wish = PotentialWish(terms=Terms(product_distance=True), distances=NEAR)
    told = codes(asked(wish))
    assert told["distances_not_known"] == {"pairs": 2, "traded_share": pytest.approx(0.5)}
    strange = Distances(kilometres={**NEAR.kilometres, "XXX": {"AAA": 5.0}})
    assert codes(asked(replace(wish, distances=strange)))["distances_of_others"]["codes"] == "XXX"


def test_a_way_told_in_one_direction_counts_for_both_and_its_own_direction_first() -> None:
    far = Distances(kilometres={"CCC": {"AAA": 7.0, "BBB": 8.0}, "BBB": {"CCC": 9.0}})
    laid = far.matrix(COUNTRIES, COUNTRIES)
    assert (far.between("AAA", "CCC"), far.between("BBB", "CCC"), far.between("AAA", "DDD")) == (
        7.0,
        9.0,
        None,
    )
    assert [laid.of_row(code)[2] for code in COUNTRIES] == [7.0, 9.0, 0.0, 0.0]
    assert laid.of_row("CCC").tolist() == [7.0, 8.0, 0.0, 0.0]


@pytest.mark.parametrize("value", [0.0, -5.0, float("nan"), float("inf"), 50_000.0])
def test_a_distance_that_cannot_be_is_refused(value: float) -> None:
    with pytest.raises(BadParameter, match="km apart"):
        Distances(kilometres={"AAA": {"CCC": value}})


@pytest.mark.parametrize("ratio", [0.0, -1.0, 0.009, 100.5, float("nan")])
def test_a_growth_that_cannot_be_is_refused_with_its_country(ratio: float) -> None:
    with pytest.raises(BadParameter, match="the GDP of AAA"):
        Growth({"AAA": ratio})


def test_extreme_growth_stays_a_number() -> None:
    answer = asked(growing(dict.fromkeys(COUNTRIES, 0.01), dict.fromkeys(COUNTRIES, 100.0)))
    assert all(math.isfinite(value) and value >= 0 for value in values(answer).values())


def test_a_file_is_named_with_its_years_or_without() -> None:
    used = FileUsed(role=Role.GROWTH, name="gdp.csv", sha256="ab", years=(2015, 2020))
    dated = codes(asked(replace(growing({}), files=(used,))))
    assert dated["growth_over_years"] == {"name": "gdp.csv", "from_year": 2015, "to_year": 2020}
    plain = codes(asked(replace(growing({}), files=(replace(used, years=()),))))
    assert plain["growth_given"] == {"name": "gdp.csv"}


def test_many_codes_are_cut_after_a_few() -> None:
    assert named(tuple("abc")) == "a, b, c"
    assert named(tuple("abcdefgh")) == "a, b, c, d, e, f, ..."


# Relocation


def relocated(wish: RelocateWish, book: FlowBook = BOOK) -> Answer:
    scope = replace(SCOPE, exporter=CountryCode("AAA"), market=CountryCode("BBB"))
    return ask_relocate(book, scope, wish)


def outcomes(answer: Answer, step: str) -> dict[str, str]:
    return dict(answer.table.select("product_code", step).iter_rows())


def test_labour_intensity_is_taken_by_the_longest_prefix_and_the_rest_stays_unjudged() -> None:
    assert by_longest_prefix({"74": 1.0, "7403": 2.0}, ("740311", "740400", "010101")) == {
        "740311": 2.0,
        "740400": 1.0,
    }
    answer = relocated(RelocateWish(labour={"74": 0.5}))
    assert outcomes(answer, "s3_labour") == {"740311": "met", "010101": "not_judged"}
    assert codes(answer)["labour_from"] == {"name": "-", "known": 1, "products": 2}
    assert "no_labour" not in codes(answer)


def test_labour_intensity_of_other_products_and_incomes_of_others_are_refused() -> None:
    with pytest.raises(DataMissing, match="no product of these data begins with one of them"):
        relocated(RelocateWish(labour={"99": 0.5}))
    with pytest.raises(DataMissing, match="these data hold none of them"):
        relocated(RelocateWish(income_usd={"XXX": 1.0}))


def test_incomes_stand_in_for_labour_intensity_and_the_answer_says_so() -> None:
    answer = relocated(RelocateWish(income_usd={"AAA": 1000.0, "BBB": 9000.0}))
    assert "labour_stands_in" in codes(answer)
    assert "not_judged" not in outcomes(answer, "s3_labour").values()


def test_wages_are_judged_and_their_file_is_named() -> None:
    used = FileUsed(role=Role.WAGES, name="pay.csv", sha256="cd", years=(2019,))
    answer = relocated(RelocateWish(wages=WageGap(1000.0, 200.0, 9000.0, 3000.0), files=(used,)))
    assert set(outcomes(answer, "s4_wages").values()) == {"met"}
    assert codes(answer)["wages_from"] == {"name": "pay.csv", "when": "2019", "ratio": pytest.approx(5 / 3)}


def test_market_access_is_reckoned_from_a_schedule_where_its_rates_are_known() -> None:
    text = (
        b"importer,exporter,product,rate_percent,kind\n"
        b"CCC,,*,10,mfn\nCCC,AAA,74,0,preference\nBBB,,*,90,mfn\nCCC,BBB,01,4,preference\n"
    )
    rates = Rates(duties=tariff_schedule.read(text).duties, name="s.csv", sha256="ef")
    answer = relocated(RelocateWish(rates=rates))
    margin = dict(answer.table.select("product_code", "host_margin_percent_points").iter_rows())
    assert margin == {"740311": pytest.approx(10.0), "010101": pytest.approx(-6.0)}
    assert outcomes(answer, "s6_access") == {"740311": "met", "010101": "not_met"}
    assert "rates_from" in codes(answer)
    assert "no_margin" not in codes(answer)
    # What the donor charges itself, or the host, is no market in which the two meet.
    busy = relocated(RelocateWish(rates=rates), Busy()).table
    assert dict(busy.select("product_code", "host_margin_percent_points").iter_rows()) == margin
    supposed = relocated(RelocateWish(rates=Rates(supposed_percent=5.0)))
    assert "no_margin" in codes(supposed)


def test_a_wish_with_everything_is_written_and_read_back_the_same() -> None:
    used = FileUsed(role=Role.DISTANCES, name="km.csv", sha256="ab", years=(2015, 2020))
    wish = replace(growing({"CCC": 1.1}, {"CCC": 1.0}), distances=NEAR, files=(used,))
    assert wish_of(PotentialWish, json.loads(json.dumps(parameters_of(wish)))) == wish
