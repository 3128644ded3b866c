"""How a report words what the questions answer in codes; what is not listed here is shown as its code."""

from types import MappingProxyType
from typing import Final

REASONS: Final = MappingProxyType(
    {
        "not_exported": "is not exported today",
        "not_imported": "the market buys none of it",
        "no_trade_with_market": "nothing is traded with the market",
        "specialised": "a strength: its share in the world's exports of it is above its share in all",
        "not_specialised": "no strength yet: its share in the world's exports of it is below its share in all",
        "net_importer": "more is bought than sold of it, so only a part is free to export",
        "market_buys_much": "the market buys more of it than its size alone would say",
        "market_buys_little": "the market buys less of it than its size alone would say",
        "tariff_advantage": "pays less tariff there than others",
        "tariff_disadvantage": "pays more tariff there than others",
        "tariff_supposed_lower": "the tariff is supposed to fall",
        "tariff_supposed_higher": "the tariff is supposed to rise",
        "trades_easily": "the two countries trade more than their product mix alone would say",
        "trades_little": "the two countries trade less than their product mix alone would say",
        "share_grows": "its share is expected to grow",
        "share_shrinks": "its share is expected to shrink",
        "income_grows": "the market's income grows",
        "population_grows": "the market's population grows",
    }
)

BRIEF: Final = MappingProxyType(
    {
        "specialised": "a strength of the exporter",
        "not_specialised": "no strength yet",
        "net_importer": "needed at home in part",
        "market_buys_much": "the market wants much of it",
        "market_buys_little": "the market wants little of it",
        "tariff_supposed_lower": "helped by a lower tariff",
        "trades_easily": "trade between the two is easy",
        "trades_little": "trade between the two is hard",
    }
)

ORIGINS: Final = MappingProxyType(
    {
        "potential": "more of what is sold there, with the plan's levers",
        "relocate": "what leaves the donor",
        "ladder": "refining what is shipped raw",
    }
)

RESOURCES: Final = MappingProxyType(
    {
        "capital_usd": "capital, USD",
        "land_acres": "land, acres",
        "energy_mw": "power, MW",
        "skilled_workers": "skilled workers",
        "programme_slots": "programmes run at once",
    }
)

NOTES: Final = MappingProxyType(
    {
        "part_of_trade": "These data hold a part of trade only: {products} products. Strength and complexity are "
        "measured within that part.",
        "rates_supposed": (
            "Today's tariff of the market ({percent} % on everything) is supposed; no schedule was given."
        ),
        "tariff_average_kept": "The market's average tariff is left as it is, so a lower tariff is "
        "overstated where the "
        "exporter supplies most of the market.",
        "capacity_wins_share": "New capacity wins share from others; it does not make the market buy more.",
        "few_products": "With {products} products, complexity orders raw materials among themselves "
        "and says nothing "
        "of what else a country can make.",
        "split": "{countries} countries share no product with the rest and were left out.",
        "small_gap": "The order of countries is unsteady here: a small change in the data can turn it.",
        "weak_sign": "Complexity hardly goes with diversity here; read its order with care.",
        "no_labour": "Nobody gave incomes, so labour intensity is not judged.",
        "no_wages": "Nobody gave wages, so the wage gap is not judged.",
        "no_margin": "Nobody gave tariffs in third markets, so access is not judged.",
        "chance_conditional_logit": "The chance that the host takes over is fitted to who took over before.",
        "chance_present_shares": (
            "The chance that the host takes over is its present share: too few cases to fit more."
        ),
        "nothing_eligible": "No product passes every test.",
        "sample_yields": "The yields of {steps} steps are samples, to be checked by an engineer.",
        "tiers_without_data": "{tiers} stages of the chains are not in these data.",
        "volume_estimated": "The weight shipped is estimated from value and world price.",
        "no_technologies": "Nobody said how these products would be made, so every one stays an open question.",
        "sample_needs": "What a gain takes, and what there is, are samples and not estimates.",
        "shocks_supposed": "How widely gains spread is supposed, not estimated.",
        "no_unit_values": "Weights by supplier are not looked at here, so no prices are shown.",
        "windows_overlap": "{windows} windows overlap; {disjoint} of them, of {countries} countries, do not.",
        "published_nominal_manufactures": "The published decades are of manufactured goods in money "
        "of the day; prices "
        "did a part of the work.",
        "raw_release_revised_later": (
            "The scores saw no later year, but the release was corrected after those years."
        ),
        "inflation_supposed": (
            "The path in constant prices supposes an inflation that the answer's parameters name."
        ),
        "no_windows": "These data hold no window of {years} years to compare with.",
        "beyond_all": "No window of these data reached it; the largest multiplied by {largest}.",
    }
)
