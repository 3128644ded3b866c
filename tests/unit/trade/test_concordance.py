"""Between revisions: weights add up to one, and not a dollar is lost on the way."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rahdari.trade.errors import BadParameter, BadTable, BadTradeFile, MixedRevisions, UnknownTradeProduct
from rahdari.trade.rules.concordance import (
    REST,
    Concordance,
    Unknown,
    chain,
    convert,
    convert_flows,
    equal_concordance,
    read_concordance,
    require_same,
    share_out,
    weigh_by_value,
)
from rahdari.trade.values import Matrix, Revision

LINKS = [
    ("010110", "010121"),
    ("010190", "010129"),
    ("010190", "010130"),
    ("010190", "010190"),
    ("020110", "010121"),
]
OLD = equal_concordance(Revision.HS02, Revision.HS12, LINKS)


def test_equal_weights_share_a_code_among_its_targets() -> None:
    assert OLD.weights["010190"] == pytest.approx({"010129": 1 / 3, "010130": 1 / 3, "010190": 1 / 3})
    assert OLD.weights["010110"] == {"010121": 1.0}
    assert OLD.targets == ("010121", "010129", "010130", "010190")
    assert (OLD.split_codes, OLD.basis) == (1, "equal")
    twice = equal_concordance(Revision.HS02, Revision.HS12, [*LINKS, *LINKS])
    assert twice.weights == OLD.weights


def test_whole_dollars_stay_whole_and_totals_stay_to_the_dollar() -> None:
    table = Matrix(["PAK", "CHN"], ["010110", "010190", "020110"], [[7, 100, 5], [0, 1, 0]])
    turned = convert(table, OLD, revision=Revision.HS02)
    assert turned.matrix.values.tolist() == [[12, 34, 33, 33], [0, 1, 0, 0]]
    assert (turned.revision, turned.lost_usd, turned.unknown) == (Revision.HS12, 0.0, ())


def test_fractions_keep_their_total_too() -> None:
    table = Matrix(["PAK"], ["010190"], [[0.5]])
    assert convert(table, OLD).matrix.values.sum() == pytest.approx(0.5, rel=1e-15)


def test_a_code_that_is_not_known_is_refused_or_kept_apart() -> None:
    table = Matrix(["PAK", "CHN"], ["010110", "999999"], [[7, 4], [1, 0]])
    with pytest.raises(UnknownTradeProduct, match="HS02 has no 999999"):
        convert(table, OLD)
    kept = convert(table, OLD, unknown=Unknown.KEEP_APART)
    assert kept.matrix.columns[-1] == REST
    assert kept.matrix.of_column(REST).tolist() == [4, 0]
    assert (kept.lost_usd, kept.unknown) == (4.0, ("999999",))
    assert kept.matrix.values.sum() == table.values.sum()


def test_a_code_that_is_not_known_and_not_traded_harms_nobody() -> None:
    table = Matrix(["PAK"], ["010110", "999999"], [[7, 0]])
    assert convert(table, OLD).matrix.values.sum() == 7


def test_revisions_are_checked_where_they_meet() -> None:
    table = Matrix(["PAK"], ["010110"], [[7]])
    with pytest.raises(MixedRevisions, match="the table is of HS17, the concordance begins with HS02"):
        convert(table, OLD, revision=Revision.HS17)
    with pytest.raises(MixedRevisions, match="HS02 and HS12 meet"):
        require_same(Revision.HS02, Revision.HS12, Revision.HS02)
    with pytest.raises(MixedRevisions):
        require_same()
    assert require_same(Revision.HS02, Revision.HS02) is Revision.HS02


def test_trade_itself_weighs_better_than_nothing() -> None:
    by_value = weigh_by_value(OLD, {"010129": 90.0, "010130": 10.0})
    assert by_value.weights["010190"] == pytest.approx({"010129": 0.9, "010130": 0.1})
    assert by_value.basis == "value"
    assert weigh_by_value(OLD, {}).weights == OLD.weights


def test_weighing_by_the_greatest_amounts_stays_finite() -> None:
    by_value = weigh_by_value(OLD, {"010129": 1.7e308, "010130": 1.7e308, "010190": 1.7e308})
    assert sum(by_value.weights["010190"].values()) == pytest.approx(1)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_value_that_is_none_weighs_nothing(value: float) -> None:
    with pytest.raises(BadTable):
        weigh_by_value(OLD, {"010129": value})


def test_two_tables_are_chained_and_totals_stay() -> None:
    on = equal_concordance(
        Revision.HS12,
        Revision.HS17,
        [
            ("010121", "010121"),
            ("010129", "010129"),
            ("010129", "010131"),
            ("010130", "010131"),
            ("010190", "010190"),
        ],
    )
    both = chain(OLD, on)
    assert (both.source, both.target, both.basis) == (Revision.HS02, Revision.HS17, "equal+equal")
    assert both.weights["010190"] == pytest.approx({"010129": 1 / 6, "010131": 1 / 2, "010190": 1 / 3})
    table = Matrix(["PAK"], ["010190"], [[1_000_000_007]])
    assert convert(table, both).matrix.values.sum() == 1_000_000_007


def test_a_chain_that_does_not_fit_is_refused() -> None:
    with pytest.raises(MixedRevisions, match="to HS12 cannot be gone on with by one from HS02"):
        chain(OLD, OLD)
    with pytest.raises(UnknownTradeProduct, match="leads no further"):
        chain(OLD, equal_concordance(Revision.HS12, Revision.HS17, [("010121", "010121")]))


@pytest.mark.parametrize(
    "links",
    [
        [("1011", "010121")],
        [("10110", "10121")],
        [("01011x", "010121")],
        [("\u0660\u0661\u0660\u0661", "0101")],
        [("", "")],
    ],
)
def test_what_is_no_code_is_refused(links: list[tuple[str, str]]) -> None:
    with pytest.raises(BadTable):
        equal_concordance(Revision.HS02, Revision.HS12, links)


def test_weights_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(BadTable, match=r"add up to 0\.9"):
        Concordance(Revision.HS02, Revision.HS12, {"010110": {"010121": 0.9}}, "given")
    with pytest.raises(BadTable, match="add up to nan"):
        Concordance(Revision.HS02, Revision.HS12, {"010110": {"010121": float("nan")}}, "given")


def test_a_published_table_is_read_and_its_rounding_made_good() -> None:
    lines = [
        "source_code,target_code,weight,group_id",
        "010190,010129,0.3333,1",
        "010190,010130,0.6666,1",
        "",
    ]
    raw = "\r\n".join(lines).encode("utf-8-sig")
    read = read_concordance(raw, Revision.HS02, Revision.HS12)
    assert sum(read.weights["010190"].values()) == pytest.approx(1, abs=1e-15)
    assert read.basis == "given"
    assert read.to_frame().columns == [
        "source_revision",
        "target_revision",
        "source_code",
        "target_code",
        "weight",
    ]


def test_what_was_written_is_read_again() -> None:
    written = OLD.to_frame().select("source_code", "target_code", "weight").write_csv().encode()
    again = read_concordance(written, Revision.HS02, Revision.HS12)
    assert {code: dict(targets) for code, targets in again.weights.items()} == {
        code: pytest.approx(dict(targets)) for code, targets in OLD.weights.items()
    }


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "no column source_code"),
        (b"a,b\n1,2\n", "line 1: no column source_code"),
        (b"source_code,target_code,weight\n010110,010121,x\n", "line 2: the weight is 'x'"),
        (b"source_code,target_code,weight\n010110,010121,nan\n", "line 2: the weight is 'nan'"),
        (b"source_code,target_code,weight\n010110,010121,-1\n", "line 2: the weight is '-1'"),
        (b"source_code,target_code,weight\n010110,010121,1e400\n", "line 2: the weight is '1e400'"),
        (b"source_code,target_code,weight\n10110,010121,1\n", "line 2: '10110' is no code"),
        (b"source_code,target_code,weight\n010110,010121,0.5\n", "weights of 010110 add up to 0.5"),
        (b"source_code,target_code,weight\n010110,010121,0.5\n010110,010121,0.5\n", "line 3: .* twice"),
        (b'source_code,target_code,weight\n"010110,010121,1\n', "no CSV"),
        (b"source_code,target_code,weight\n\xff", "no UTF-8"),
        (b"source_code,target_code,weight\n010110\n", "line 2: '' is no code"),
    ],
)
def test_a_table_that_is_none_is_refused_by_line(raw: bytes, told: str) -> None:
    with pytest.raises(BadTradeFile, match=told):
        read_concordance(raw, Revision.HS02, Revision.HS12)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, (1, 1, 1), (4, 3, 3)),
        (0, (1, 2), (0, 0)),
        (7, (0, 1), (0, 7)),
        (100, (0.335, 0.335, 0.33), (34, 33, 33)),
    ],
)
def test_a_whole_number_is_shared_out_by_the_largest_remainder(
    total: int, weights: tuple[float, ...], parts: tuple[int, ...]
) -> None:
    assert share_out(total, weights) == parts


@pytest.mark.parametrize(
    ("total", "weights"), [(-1, (1,)), (1, ()), (1, (0, 0)), (1, (-1, 2)), (1, (float("nan"),))]
)
def test_what_cannot_be_shared_out_is_refused(total: int, weights: tuple[float, ...]) -> None:
    with pytest.raises(BadParameter):
        share_out(total, weights)


FLOWS = ["year", "exporter", "importer", "product", "value_usd", "quantity_kg"]


def flow_table(*rows: tuple[int, ...]) -> pl.DataFrame:
    kinds = (pl.Int16, pl.Int32, pl.Int32, pl.Int32, pl.Int64, pl.Int64)
    return pl.DataFrame(list(rows), schema=dict(zip(FLOWS, kinds, strict=True)), orient="row")


def test_flows_keep_their_dollars_and_their_kilograms() -> None:
    flows = flow_table(
        (2005, 586, 156, 10190, 100, 10), (2005, 586, 156, 10110, 7, 3), (2005, 586, 156, 20110, 5, -1)
    )
    turned = convert_flows(flows, OLD, revision=Revision.HS02)
    assert turned.frame.rows() == [
        (2005, 586, 156, 10121, 12, -1),
        (2005, 586, 156, 10129, 34, 4),
        (2005, 586, 156, 10130, 33, 3),
        (2005, 586, 156, 10190, 33, 3),
    ]
    assert turned.frame.schema == flows.schema
    assert (turned.revision, turned.basis, turned.rest.height) == (Revision.HS12, "equal", 0)


ROUNDED = Concordance(
    Revision.HS92, Revision.HS02, {"010121": {"010121": 0.3333333333, "010129": 0.6666666666}}, "given"
)


@pytest.mark.parametrize("amount", [10**13, 2**53 - 1, 7])
def test_weights_of_ten_digits_lose_no_dollar(amount: int) -> None:
    table = convert(Matrix(["PAK"], ["010121"], [[amount]]), ROUNDED)
    assert int(table.matrix.values.sum()) == amount
    turned = convert_flows(flow_table((2020, 586, 156, 10121, amount, amount)), ROUNDED)
    assert turned.frame["value_usd"].sum() == amount
    assert turned.frame["quantity_kg"].sum() == amount


@pytest.mark.parametrize("amount", [2**62, 10**18 + 7])
def test_what_no_fraction_can_hold_is_handed_out_whole(amount: int) -> None:
    turned = convert_flows(flow_table((2020, 586, 156, 10121, amount, -1)), ROUNDED)
    assert turned.frame["value_usd"].sum() == amount
    assert sum(share_out(amount, (0.1, 0.2, 0.7))) == amount


def test_flows_of_other_codes_are_refused_or_kept_apart() -> None:
    flows = flow_table((2005, 586, 156, 10110, 7, 3), (2005, 586, 156, 999999, 4, 1))
    with pytest.raises(UnknownTradeProduct, match="HS02 has no 999999"):
        convert_flows(flows, OLD)
    kept = convert_flows(flows, OLD, unknown=Unknown.KEEP_APART)
    assert kept.rest.rows() == [(2005, 586, 156, 999999, 4, 1)]
    assert kept.frame.rows() == [(2005, 586, 156, 10121, 7, 3)]


def test_flows_of_another_revision_or_form_are_refused() -> None:
    with pytest.raises(MixedRevisions, match="the flows are of HS17"):
        convert_flows(flow_table(), OLD, revision=Revision.HS17)
    with pytest.raises(BadTable):
        convert_flows(flow_table().drop("year"), OLD)
    with pytest.raises(BadTable):
        convert_flows(flow_table().clear(1), OLD)
    assert convert_flows(flow_table(), OLD).frame.is_empty()


def test_a_flow_of_nothing_stays_and_a_part_of_nothing_does_not() -> None:
    flows = flow_table((2005, 1, 2, 10190, 1, -1), (2005, 1, 3, 10110, 0, 0), (2005, 1, 4, 10190, 1, 9))
    assert convert_flows(flows, OLD).frame.select(
        "importer", "product", "value_usd", "quantity_kg"
    ).rows() == [
        (2, 10129, 1, -1),
        (3, 10121, 0, 0),
        (4, 10129, 1, 3),
        (4, 10130, 0, 3),
        (4, 10190, 0, 3),
    ]


def test_the_greatest_amounts_keep_their_total_too() -> None:
    thirds = [2**53 - at for at in range(200)]
    flows = flow_table(*((2005, 1, 10 + at, 10190, value, value) for at, value in enumerate(thirds)))
    turned = convert_flows(flows, OLD).frame
    for column in ("value_usd", "quantity_kg"):
        assert turned[column].min() == min(thirds) // 3
        totals = turned.group_by("importer", maintain_order=True).agg(pl.col(column).sum())
        assert totals[column].to_list() == thirds


def published(shared_folder: Path) -> pl.DataFrame:
    path = shared_folder / "data" / "trade" / "concordance_hs6_vintages_to_hs2012.parquet"
    if not path.is_file():
        pytest.skip("published vectors are absent: no data/trade in the shared folder")
    return pl.read_parquet(path).with_columns(pl.col("from_revision").cast(pl.String))


# The links from HS 2017 that are published beside the checkout end with chapter 60.
@pytest.mark.parametrize(
    ("revision", "codes_min"), [("HS 2002", 5_200), ("HS 2007", 5_000), ("HS 2017", 2_999)]
)
def test_the_published_links_between_revisions_keep_every_total(
    shared_folder: Path, revision: str, codes_min: int
) -> None:
    table = published(shared_folder).filter(pl.col("from_revision") == revision)
    source = Revision(f"HS{revision[-2:]}")
    turned = equal_concordance(source, Revision.HS12, table.select("from_code", "to_code").rows())
    assert len(turned.weights) >= codes_min
    codes = tuple(turned.weights)
    draw = np.random.default_rng(1)
    amounts = Matrix(["a", "b", "c"], codes, draw.integers(0, 10**11, size=(3, len(codes))))
    values = convert(amounts, turned, revision=source).matrix.values
    assert values.sum(axis=1).tolist() == amounts.values.sum(axis=1).tolist()
    assert (values == np.floor(values)).all()


def test_there_and_back_keeps_the_total_of_each_group_of_linked_codes(shared_folder: Path) -> None:
    """Detail is lost on the way, groups that are closed among themselves are not."""
    links = (
        published(shared_folder)
        .filter(pl.col("from_revision") == "HS 2007")
        .select("from_code", "to_code")
        .rows()
    )
    there = equal_concordance(Revision.HS07, Revision.HS12, links)
    back = equal_concordance(Revision.HS12, Revision.HS07, [(two, one) for one, two in links])
    codes = tuple(there.weights)
    amounts = Matrix(["x"], codes, np.random.default_rng(2).integers(0, 10**9, size=(1, len(codes))))
    again = convert(convert(amounts, there).matrix, back).matrix
    group = {code: code for code in codes}

    def root(code: str) -> str:
        while group.setdefault(code, code) != code:
            code = group[code]
        return code

    for one, two in links:
        group[root(one)] = root(f">{two}")
    before, after = dict[str, float](), dict[str, float]()
    for table, into in ((amounts, before), (again, after)):
        for code, value in zip(table.columns, table.values[0].tolist(), strict=True):
            into[root(code)] = into.get(root(code), 0.0) + value
    assert before == after
    assert len(before) > 4_000
