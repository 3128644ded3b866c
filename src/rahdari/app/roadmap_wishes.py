"""What the sliders of a view ask of the questions: levers, limits and target."""

from typing import Final

from rahdari.app.roadmap_view import View
from rahdari.trade.rules.choice import Effort
from rahdari.trade.rules.potential.conventions import STATIC, Terms
from rahdari.trade.rules.potential.levers import CapacityLever, EaseLever, GrowthLever, Levers, TariffLever
from rahdari.trade.service.menus import Origin
from rahdari.trade.service.needs import Budgets
from rahdari.trade.service.path import PathWish
from rahdari.trade.service.potential import PotentialWish
from rahdari.trade.service.rates import Rates
from rahdari.trade.service.select import SelectWish

# A visitor reads the first products; the files hold all of them.
EXPLAINED_MAX: Final = 60
# Proofs of a third of a second leave a slider's answer within one; the gap that is left is told. On a machine that
# does much else nothing may be found by then: a rougher choice that comes later is better than none.
EFFORTS: Final = (Effort(1e-3, 0.3), Effort(1e-2, 5.0))
_FRONT_POINTS: Final = 8
_DRAWS: Final = 2_000


def levers_of(view: View) -> Levers:
    """Turn sliders into levers; all of them act in the view's market alone."""
    there = frozenset({view.market})
    rate = view.tariff * (1 - view.cut / 100)
    return Levers(
        tariffs=(TariffLever(rate_percent=rate, importers=there),) if rate < view.tariff else (),
        growth=(GrowthLever(country=view.market, gdp=1 + view.growth / 100),) if view.growth else (),
        ease=(EaseLever(quantile=view.ease / 100, importers=there),) if view.ease else (),
        capacity=(CapacityLever(product=view.product, value_usd=view.capacity * 1e6),)
        if view.product and view.capacity
        else (),
    )


def potential_wish(view: View) -> PotentialWish:
    """Ask for the potential under the view's levers."""
    levers = levers_of(view)
    rates = Rates(supposed_percent=view.tariff) if levers.tariffs else Rates()
    terms = Terms(net_importer=True) if view.counts == "net" else STATIC
    return PotentialWish(terms=terms, levers=levers, rates=rates, explained=EXPLAINED_MAX)


def select_wish(view: View, origins: tuple[Origin, ...], effort: Effort = EFFORTS[0]) -> SelectWish:
    """Ask for the choice among gains of ``origins`` within the view's limits."""
    budgets = Budgets(
        amounts={
            **Budgets().amounts,
            "land_acres": view.land,
            "capital_usd": view.capital * 1e6,
            "programme_slots": view.slots,
        }
    )
    return SelectWish(
        origins=origins,
        potential=potential_wish(view),
        budgets=budgets,
        effort=effort,
        front_points=_FRONT_POINTS,
        draws=_DRAWS,
        redraws=0,
    )


def path_wish(view: View) -> PathWish:
    """Ask for the path to the view's target."""
    return PathWish(years=int(view.years), multiple=view.multiple)
