"""A plan is read strictly: what is not understood is refused with its place."""

from pathlib import Path

import pytest

from rahdari.app.errors import BadFile, BadPlan, FolderFailed
from rahdari.app.roadmap import open_plan, read_plan
from rahdari.app.roadmap.plan import PLAN_BYTES_MAX, SAMPLE
from rahdari.trade.rules.potential.levers import Lever

TEXT = SAMPLE.read_text(encoding="utf-8")


def _changed(old: str, new: str) -> bytes:
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


def test_without_a_file_the_sample_is_read() -> None:
    plan = open_plan()
    assert plan.asks.exporter == "PAK"
    assert plan.asks.market == "CHN"
    assert plan.asks.budgets["land_acres"] == 6000
    assert (plan.goal.start_usd, plan.goal.target_usd, plan.goal.years) == (30e9, 150e9, 10)
    assert round(plan.market_goal.multiple, 1) == 21.0
    assert plan.levers.pulled == (Lever.TARIFF, Lever.EASE, Lever.CAPACITY)
    assert plan.levers.ease[0].importers == frozenset({"CHN"})


def test_the_sample_says_of_its_coefficients_that_they_are_samples() -> None:
    plan = open_plan()
    assert plan.needs.is_sample
    assert TEXT.count("SAMPLE") >= 6


def test_needs_are_read_by_prefix_and_resource() -> None:
    needs = open_plan().needs.of("260300", 10e6)
    assert needs["land_acres"] == 40
    assert needs["capital_usd"] == 15e6
    assert needs["programme_slots"] == 1


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (_changed("exporter =", "exporters ="), "unknown field `exporters`"),
        (_changed("years = 10", "years = 0"), "at target.years"),
        (_changed("years = 10", 'years = "ten"'), "at target.years"),
        (_changed("wanted_usd = 150e9", "wanted_usd = nan"), "at target.wanted_usd"),
        (_changed("exports_usd = 30e9", "exports_usd = inf"), "at target.exports_usd"),
        (_changed("quantile = 0.9", "quantile = 1.5"), "at levers.ease.quantile"),
        (_changed('exporter = "PAK"', 'exporter = "pak"'), "at exporter"),
        (_changed('market = "CHN"', 'market = "PAK"'), "exporter and market at once"),
        (_changed('level = "hs6"', 'level = "hs8"'), "at level"),
        (_changed("land_acres = 6000", "Land = 6000"), "budgets"),
        (_changed("land_acres = 6000\n", ""), "land_acres is needed and has no budget"),
        (_changed("market_tariff_percent = 3.0\n", ""), "none of today is given"),
        (
            _changed("market_wanted_usd = 50e9", "market_wanted_usd = 500e9"),
            "more is wanted in CHN than in all",
        ),
        (_changed('product = "260300"', 'product = "2603001"'), "at levers.capacity"),
        (_changed("completion = 0.7", "completion = 7"), "at projects"),
        (b"title = ", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"a = " + b"[" * 5000, "more than 16 deep"),
        (b"a." * 100_000 + b"b = 1", "more than 16 deep"),
        (b"seed = " + b"9" * 5000, "is not TOML"),
        (b"", "missing required field"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(raw: bytes, what: str) -> None:
    with pytest.raises(BadPlan, match=what.replace("[", r"\[")) as refused:
        read_plan(raw, name="mine.toml")
    assert "mine.toml" in refused.value.message


def test_a_plan_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderFailed):
        open_plan(tmp_path / "none.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (PLAN_BYTES_MAX + 1))
    with pytest.raises(BadFile):
        open_plan(large)


def test_the_digest_is_of_the_bytes() -> None:
    one, other = read_plan(TEXT.encode(), name="a"), read_plan((TEXT + "\n").encode(), name="a")
    assert one.asks == other.asks
    assert one.digest != other.digest


def test_what_must_be_chosen_barred_or_come_first_is_read_by_the_names_of_the_choice() -> None:
    caps = (
        'required = ["261000"]\nbarred = ["251110:relocate"]\nafter = { "copper:ore>cathode" = ["260300"] }\n'
    )
    plan = read_plan(_changed("[caps]\n", f"[caps]\n{caps}"), name="mine.toml")
    assert (plan.limits.required, plan.limits.barred) == (("261000",), ("251110:relocate",))
    assert plan.asks.caps.after == {"copper:ore>cathode": ("260300",)}
    with pytest.raises(BadPlan, match="caps"):
        read_plan(_changed("[caps]\n", '[caps]\nbarred = ["Copper ore"]\n'), name="mine.toml")
