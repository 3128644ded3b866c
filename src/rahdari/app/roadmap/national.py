"""The whole target of a plan, and its part in the market: the engine's own question, with the plan's figures."""

from rahdari.app.roadmap.plan import Plan
from rahdari.trade.service.national import CEILING_MULTIPLE, NationalWish, ask_national

__all__ = ["CEILING_MULTIPLE", "ask_national", "national_wish"]


def national_wish(plan: Plan) -> NationalWish:
    """Take a plan's target as the question has it."""
    told = plan.asks.target
    return NationalWish(
        year=told.year,
        years=told.years,
        exports_usd=told.exports_usd,
        wanted_usd=told.wanted_usd,
        market_usd=told.market_usd,
        market_wanted_usd=told.market_wanted_usd,
        market_year=told.market_year,
        ceiling_usd=told.ceiling_usd,
        source=told.source,
        market_source=told.market_source,
    )
