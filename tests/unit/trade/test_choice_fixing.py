"""A narrowed programme proves what the whole one does: nothing that could better the choice is left out."""

import numpy as np
import pytest

from rahdari.trade.rules.choice import Candidate, Effort, Limits, Menu
from rahdari.trade.rules.choice import solver as solving
from rahdari.trade.rules.choice.fixing import ceiling_at
from rahdari.trade.rules.choice.model import Model, model_of
from rahdari.trade.rules.choice.solver import relax, solve
from tests.unit.trade.choice_scene import every_choice, gain_of, large_menu, product

EXACT = Effort(gap_max=0, seconds_max=60)


def drawn(seed: int, count: int = 14) -> Menu:
    """Draw a menu with every kind of limit whose choices can all be tried."""
    chance = np.random.default_rng(seed)
    sectors = ("metals", "gems", "hides")
    candidates = tuple(
        Candidate(
            f"p{at:02}",
            sectors[int(chance.integers(0, 3))],
            float(chance.integers(0, 40)),
            {"land_acres": float(chance.integers(0, 9)), "energy_mw": float(chance.integers(0, 9))},
            after=(f"p{int(chance.integers(0, at)):02}",) if at and chance.random() < 0.2 else (),
            variant_of="v" if chance.random() < 0.15 and not at % 2 else None,
            markets={"CHN": float(chance.choice([0, 0.5, 1]))},
        )
        for at in range(count)
    )
    present = sorted({one.sector for one in candidates})
    more: dict[str, object] = {}
    if chance.random() < 0.3:
        more["sector_number_max"] = {present[0]: int(chance.integers(1, 4))}
    if chance.random() < 0.3:
        more["sectors_min"] = min(2, len(present))
    if chance.random() < 0.3:
        more["number_max"] = int(chance.integers(1, 8))
    budgets = {name: float(chance.integers(5, 30)) for name in ("land_acres", "energy_mw")}
    without_variants = tuple(
        Candidate(one.code, one.sector, one.gain_usd, one.needs, one.after, None, one.markets)
        for one in candidates
    )
    is_tangled = any(one.after for one in candidates)
    return Menu(without_variants if is_tangled else candidates, Limits(budgets, **more))  # type: ignore[arg-type]


@pytest.fixture
def always_narrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small programmes be narrowed too, from a core of a few columns."""
    monkeypatch.setattr(solving, "NARROWED_MIN", 0)
    monkeypatch.setattr(solving, "CORE", 3)


@pytest.mark.usefixtures("always_narrowed")
@pytest.mark.parametrize("part", range(3))
def test_the_narrowed_programme_proves_what_the_whole_one_does(part: int) -> None:
    narrowed = 0
    for seed in range(part * 70, part * 70 + 70):
        model = model_of(drawn(seed))
        ours, plain = solve(model, EXACT), solving._solve_open(model, EXACT)
        assert (ours is None) == (plain is None), seed
        if ours is None or plain is None:
            continue
        assert ours.value == pytest.approx(plain.value, abs=1e-9), seed
        assert plain.value - 1e-9 <= ours.bound <= plain.value + 1e-6, seed
        narrowed += columns_fixed(model, ours.value) > 0
    # Else these would be solves of the whole programme, compared with themselves.
    assert narrowed > 35


def columns_fixed(model: Model, value: float) -> int:
    relaxed = relax(model)
    assert relaxed is not None
    return int((~ceiling_at(model, relaxed.row_prices).undecided(value)).sum())


@pytest.mark.parametrize("seed", range(20))
def test_no_choice_is_above_the_ceiling_at_any_prices_nor_above_what_its_flips_leave(seed: int) -> None:
    menu = drawn(seed, count=9)
    model = model_of(menu)
    prices = np.random.default_rng(seed).exponential(0.3, len(model.rows))
    ceiling = ceiling_at(model, prices)
    for codes in every_choice(menu):
        picks = menu.picks(codes)
        flipped = picks != (ceiling.ends[: model.count] > 0)
        gain = gain_of(menu, codes) / model.unit_usd
        assert gain <= ceiling.value - ceiling.losses[: model.count][flipped].max(initial=0.0) + 1e-9


@pytest.mark.usefixtures("always_narrowed")
@pytest.mark.parametrize("gap", [0.0, 1e-2, 0.2])
def test_the_bound_of_a_loose_proof_is_still_true(gap: float) -> None:
    for seed in range(40):
        model = model_of(drawn(seed))
        ours, plain = solve(model, Effort(gap_max=gap, seconds_max=60)), solving._solve_open(model, EXACT)
        if ours is None or plain is None:
            assert ours is plain
            continue
        assert ours.value <= plain.value + 1e-9
        assert ours.bound >= plain.value - 1e-9
        assert ours.bound <= ours.value * (1 + gap) + 1e-6


def test_a_large_menu_is_narrowed_to_a_part_and_proven() -> None:
    model = model_of(large_menu(400, seed=1))
    best = solve(model, Effort(gap_max=1e-3, seconds_max=60))
    assert best is not None
    assert best.bound <= best.value * (1 + 1e-3) + 1e-9
    assert columns_fixed(model, best.value) > model.count / 4
    picks = np.concatenate([best.picks, best.extra])
    assert (model.matrix @ picks <= model.bounds + 1e-6).all()


@pytest.mark.usefixtures("always_narrowed")
def test_where_the_core_holds_no_choice_all_columns_are_tried() -> None:
    # The core's three are ends of the prices; what the required needs lies outside of it.
    some = tuple(product(f"p{at}", 10 + at, 1 + at / 10) for at in range(12))
    menu = Menu(some, Limits({"land_acres": 6.0}, required=("p11", "p10"), gain_min_usd=40.0))
    ours, plain = solve(model_of(menu), EXACT), solving._solve_open(model_of(menu), EXACT)
    assert ours is not None
    assert plain is not None
    assert ours.value == pytest.approx(plain.value)


# Menus whose best choice lies among the columns that the search for a good one left out.
@pytest.mark.parametrize(
    ("count", "seed", "gap"), [(14, 42, 0.2), (14, 103, 0.2), (20, 30, 0.05), (20, 1, 0.05)]
)
def test_the_bound_holds_for_what_was_left_out_of_the_search_too(
    monkeypatch: pytest.MonkeyPatch, count: int, seed: int, gap: float
) -> None:
    model = model_of(large_menu(count, seed=seed, sectors=4, tightness=0.3))
    best = solve(model, EXACT)
    monkeypatch.setattr(solving, "NARROWED_MIN", 0)
    monkeypatch.setattr(solving, "CORE", 1)
    good = solve(model, Effort(gap_max=gap, seconds_max=60))
    assert best is not None
    assert good is not None
    assert good.bound >= best.value - 1e-9
