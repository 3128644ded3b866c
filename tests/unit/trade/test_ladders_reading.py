"""Ladder files: the carried ones are good, and every fault is refused with file and place."""

from pathlib import Path

import polars as pl
import pytest

from rahdari.app.ladder_files import carried_ladders
from rahdari.trade.errors import BadTradeFile
from rahdari.trade.rules.ladders import Activity, read_ladder
from rahdari.trade.values import Revision

GOOD = """
id = "metal"
revision = "HS92"
source = "made up for a test"
title = { en = "Metal", ur = "دھات", zh = "金属" }

[[tiers]]
id = "ore"
codes = ["2603"]
activity = "raw"
source = "heading 2603"
title = { en = "Ore", ur = "کچ دھات", zh = "矿" }

[[tiers]]
id = "refined"
codes = ["7403", "740400"]
activity = "refined"
source = "headings"
title = { en = "Refined", ur = "مصفی", zh = "精炼" }

[[steps]]
from = "ore"
to = "refined"
yield = 0.25
yield_source = "a plant"
imported_share = 0.05
inputs_source = "sample, to be checked: a guess"
inputs = ["electricity"]
"""


def read(text: str, known: set[str] | None = None) -> None:
    read_ladder(text.encode(), name="metal.toml", known=known)


def test_a_good_file_becomes_a_ladder() -> None:
    found = read_ladder(GOOD.encode(), name="metal.toml", known={"2603", "7403", "740400"})
    assert (found.id, found.revision) == ("metal", Revision.HS92)
    assert [tier.id for tier in found.tiers] == ["ore", "refined"]
    assert found.tier("refined").activity is Activity.REFINED
    step = found.steps[0]
    assert (step.lower, step.upper, step.tonnes_out, step.imported_share) == ("ore", "refined", 0.25, 0.05)
    assert step.inputs == ("electricity",)
    # One of its two numbers is nobody's measurement yet.
    assert step.is_sample


def test_a_tier_takes_its_codes_and_what_lies_under_them() -> None:
    found = read_ladder(GOOD.encode(), name="metal.toml")
    products = ("260300", "740311", "740319", "740400", "7405", "740500")
    assert found.tier("ore").columns(products) == ("260300",)
    assert found.tier("refined").columns(products) == ("740311", "740319", "740400")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "metal"', 'id = "metal"\ncolour = "red"', "unknown field `colour`"),
        ("yield = 0.25", "yield = 0.25\nspeed = 1", r"unknown field `speed`.*\$\.steps\[0\]"),
        ("yield = 0.25\n", "", r"required field `yield`.*\$\.steps\[0\]"),
        ("yield = 0.25", 'yield = "much"', r"Expected `float`.*\$\.steps\[0\]\.yield"),
        ("yield = 0.25", "yield = 0.0", r"steps\[0\]\.yield: 0\.0 is not above 0"),
        ("yield = 0.25", "yield = 1.51", r"steps\[0\]\.yield: 1\.51"),
        ("yield = 0.25", "yield = nan", r"steps\[0\]\.yield: nan"),
        ("imported_share = 0.05", "imported_share = 1.2", r"steps\[0\]\.imported_share: 1\.2"),
        ('source = "heading 2603"\n', "", r"required field `source`.*\$\.tiers\[0\]"),
        ('source = "heading 2603"', 'source = " "', r"tiers\[0\]\.source"),
        ('source = "made up for a test"', 'source = ""', "source: tell where the chain comes from"),
        ('yield_source = "a plant"', 'yield_source = ""', r"steps\[0\]\.yield_source"),
        ('revision = "HS92"', 'revision = "HS99"', r"HS99.*\$\.revision"),
        ('codes = ["2603"]', 'codes = ["26"]', r"tiers\[0\]\.codes: '26' is no heading"),
        ('codes = ["2603"]', 'codes = ["00O3"]', r"tiers\[0\]\.codes"),
        ('codes = ["2603"]', "codes = []", r"tiers\[0\]\.codes: 1 to 60, not 0"),
        ('codes = ["2603"]', 'codes = ["2699"]', r"tiers\[0\]\.codes: HS92 has no 2699"),
        ('codes = ["2603"]', 'codes = ["2603", "2603"]', r"tiers\[0\]\.codes: 2603 overlaps 2603 of ore"),
        ('"740400"]', '"740311"]', r"tiers\[1\]\.codes: 740311 overlaps 7403 of refined"),
        ('"740400"]', '"260300"]', r"tiers\[1\]\.codes: 260300 overlaps 2603 of ore"),
        ('from = "ore"', 'from = "mine"', r"steps\[0\]\.from: there is no tier 'mine'"),
        ('to = "refined"', 'to = "moon"', r"steps\[0\]\.to: there is no tier 'moon'"),
        ('to = "refined"', 'to = "ore"', "in a circle, ore from ore"),
        ('id = "refined"', 'id = "ore"', r"tiers\[1\]\.id: 'ore' stands twice"),
        ('id = "metal"', 'id = "../metal"', "id: small letters"),
        ('ur = "دھات", ', "", "title: one in each of en, ur, zh"),
        ('activity = "raw"', 'activity = "dug"', r"\$\.tiers\[0\]\.activity"),
    ],
)
def test_each_fault_is_refused_with_file_and_place(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(BadTradeFile, match=f"(?s)metal.toml.*{told}"):
        read(GOOD.replace(old, new, 1), known={"2603", "7403", "740400", "740311", "260300"})


def test_steps_that_lead_in_a_circle_are_refused_by_name() -> None:
    back = GOOD[GOOD.index("[[steps]]") :].replace(
        'from = "ore"\nto = "refined"', 'from = "refined"\nto = "ore"'
    )
    with pytest.raises(BadTradeFile, match="they lead in a circle"):
        read(GOOD + back)


def test_a_step_that_stands_twice_is_refused() -> None:
    with pytest.raises(BadTradeFile, match="ore to refined stands twice"):
        read(GOOD + GOOD[GOOD.index("[[steps]]") :])


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadTradeFile) as refusal:
        read(GOOD.replace("yield = 0.25", "yield = 7.0").replace('["2603"]', '["9"]'))
    assert "yield: 7.0" in str(refusal.value)
    assert "'9' is no heading" in str(refusal.value)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"id = ", b"", b"# " + b"x" * 70_000])
def test_bytes_that_are_no_ladder_are_refused(raw: bytes) -> None:
    with pytest.raises(BadTradeFile, match=r"junk\.toml"):
        read_ladder(raw, name="junk.toml")


def test_too_many_tiers_are_refused_before_they_cost_anything() -> None:
    tier = GOOD[GOOD.index("[[tiers]]") : GOOD.index("[[steps]]")]
    with pytest.raises(BadTradeFile, match="tiers: 2 to 20"):
        read(GOOD + tier * 15)


def test_the_carried_ladders_are_five_good_chains() -> None:
    found = carried_ladders()
    assert [ladder.id for ladder in found] == ["chromium", "copper", "cotton", "gems", "hides"]
    for ladder in found:
        assert ladder.revision is Revision.HS92
        assert any(tier.activity is Activity.RAW for tier in ladder.tiers)


def test_no_carried_number_pretends_to_be_measured() -> None:
    for ladder in carried_ladders():
        for step in ladder.steps:
            assert step.is_sample


def test_every_carried_code_stands_in_the_nomenclature(shared_folder: Path) -> None:
    path = shared_folder / "data" / "trade" / "products_hs92.parquet"
    if not path.is_file():
        pytest.skip(f"published vectors are absent: no {path.name} among them")
    known = set(pl.read_parquet(path)["product_code"])
    assert len(carried_ladders(known=known)) == 5
    with pytest.raises(BadTradeFile, match="HS92 has no"):
        carried_ladders(known=known - {"2603"})
