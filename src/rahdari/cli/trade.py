"""``rahdari trade``: one command a question."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rahdari.app.analyst import open_analyst
from rahdari.app.made_again import make_again
from rahdari.app.needs_files import read_needs
from rahdari.app.tariff_files import read_rates
from rahdari.app.totals_files import read_totals
from rahdari.app.trade_data import find_trade_folder
from rahdari.app.trade_words import amount_of, words_of
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.terminal import pairs
from rahdari.cli.trade_asked import USUAL, Asked, analyst_of, show
from rahdari.cli.trade_options import (
    EvidenceOptions,
    LeverOptions,
    PathOptions,
    SelectOptions,
    TariffOptions,
    TermOptions,
)
from rahdari.trade import (
    Budgets,
    CapacityLever,
    Charged,
    ComplexityWish,
    DataMissing,
    DiversifyWish,
    EaseLever,
    GrowthLever,
    LadderWish,
    Levers,
    Limits,
    MirrorWish,
    PathWish,
    PotentialWish,
    Rates,
    RelocateWish,
    ScreenWish,
    SelectWish,
    SubstituteWish,
    TariffLever,
    TariffWish,
    WhyNot,
)

_LEVERS, _CHANGE, _CHOICE, _PLAN = LeverOptions(), TariffOptions(), SelectOptions(), PathOptions()
_NO_MIRROR = (
    "a mirror compares two releases: what exporters reported (--release) and what importers did (--imports); "
    "what the package carries is one alone, reconciled already. Fetch both sides: "
    "`rahdari trade pull comtrade --reporter PAK "
    "--year 2023 --side exports --name pak-said`, `rahdari trade pull comtrade --reporter CHN --year 2023 --side "
    "imports --name chn-said`; then `rahdari trade mirror --release pak-said --imports chn-said`"
)
_TERMS, _EVIDENCE = TermOptions(), EvidenceOptions()


def screen(*, window: int = 3, history: int = 15, asked: Asked = USUAL, session: Given) -> None:
    """Look at every product that the market buys or the exporter sells.

    Args:
        window: "Now" is the mean of so many years.
        history: Growth and trend look back so many years.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    wish = ScreenWish(window_years=window, history_years=history)
    show(analyst.screen(wish, **asked.where()), asked, analyst=analyst, session=session)


def complexity(*, window: int = 3, asked: Asked = USUAL, session: Given) -> None:
    """Measure complexity: what the exporter makes, what is near to it, what it would open.

    Args:
        window: Exports are the mean of so many years.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    show(
        analyst.complexity(ComplexityWish(window_years=window), **asked.where()),
        asked, analyst=analyst, session=session,
    )  # fmt: skip


def potential(
    *, levers: LeverOptions = _LEVERS, terms: TermOptions = _TERMS, asked: Asked = USUAL, session: Given
) -> None:
    """Tell what the exporter could sell in the market, why, and what levers add.

    Args:
        levers: What is supposed.
        terms: What is known beside the flows.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    market = frozenset({str(analyst.scope(**asked.where()).market)})
    pulled = Levers(
        tariffs=() if levers.tariff is None else (TariffLever(rate_percent=levers.tariff, importers=market),),
        growth=tuple(_growing(word) for word in levers.grow),
        ease=() if levers.ease is None else (EaseLever(quantile=levers.ease, importers=market),),
        capacity=tuple(
            CapacityLever(product=code, value_usd=amount)
            for code, amount in _amounts(levers.capacity, "--capacity")
        ),
    )
    wish = PotentialWish(
        terms=terms.terms(net_importer=levers.net_importer),
        levers=pulled,
        rates=_rates(levers.tariffs, levers.supposed),
        target_usd=levers.target,
    )
    wish = analyst.with_series(terms.files(), wish, **asked.where())
    show(analyst.potential(wish, **asked.where()), asked, analyst=analyst, session=session)


def diversify(
    *, exclude: tuple[str, ...] = (), terms: TermOptions = _TERMS, tariffs: Path | None = None,
    asked: Asked = USUAL, session: Given,
) -> None:  # fmt: skip
    """Rank the products that the exporter does not yet sell competitively.

    Args:
        exclude: Leave out products that begin with these digits; may be repeated.
        terms: What is known beside the flows.
        tariffs: Tariff schedule of today, CSV.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    near = PotentialWish(terms=terms.terms(), rates=_rates(tariffs, None))
    wish = DiversifyWish(
        excluded=exclude, potential=analyst.with_series(terms.files(), near, **asked.where())
    )
    show(analyst.diversify(wish, **asked.where()), asked, analyst=analyst, session=session)


def tariff(*, change: TariffOptions = _CHANGE, asked: Asked = USUAL, session: Given) -> None:
    """Simulate another tariff of the market: who sells more, who is pushed aside, what it costs.

    Args:
        change: The rates before and after.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    usual = TariffWish()
    is_given = change.tariffs is not None or change.supposed is not None
    wish = TariffWish(
        rates=_rates(change.tariffs, change.supposed) if is_given else usual.rates,
        after=read_rates(change.tariffs_after) if change.tariffs_after else usual.after,
        rate_percent=change.rate,
        prefix=change.prefix,
        charged=Charged.EVERYBODY if change.everybody else Charged.EXPORTER,
    )
    show(analyst.tariff(wish, **asked.where()), asked, analyst=analyst, session=session)


def relocate(
    *, donor: str = "", history: int = 20, evidence: EvidenceOptions = _EVIDENCE, asked: Asked = USUAL,
    session: Given,
) -> None:  # fmt: skip
    """Screen what leaves a donor and may come to the exporter.

    Args:
        donor: Whose products may leave; else the market's.
        history: How many years to look back.
        evidence: What is known of work and market access.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    wish = RelocateWish(donor=donor, history_years=history, rates=_rates(evidence.tariffs, None))
    wish = analyst.with_evidence(evidence.files(), wish, **asked.where())
    show(analyst.relocate(wish, **asked.where()), asked, analyst=analyst, session=session)


def ladder(*, chain: tuple[str, ...] = (), asked: Asked = USUAL, session: Given) -> None:
    """Read the ladders from raw to made for what the exporter ships today.

    Args:
        chain: Only this chain, as copper; may be repeated.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    show(analyst.ladder(LadderWish(chains=chain), **asked.where()), asked, analyst=analyst, session=session)


def substitute(*, asked: Asked = USUAL, session: Given) -> None:
    """Judge what the exporter's country imports and might make at home.

    Args:
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    show(analyst.substitute(SubstituteWish(), **asked.where()), asked, analyst=analyst, session=session)


def select(
    *, choice: SelectOptions = _CHOICE, terms: TermOptions = _TERMS, asked: Asked = USUAL, session: Given
) -> None:
    """Choose what brings most within the limits, and the fewest products that bring most of it.

    Args:
        choice: Candidates and limits.
        terms: What is known beside the flows, for gains from potential.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    # As the question itself has it: nobody pushes what it buys more of than it sells.
    near = PotentialWish(terms=terms.terms(net_importer=True))
    wish = SelectWish(
        potential=analyst.with_series(terms.files(), near, **asked.where()),
        origins=choice.origin,
        share=choice.share,
        target_usd=choice.target,
        limits=Limits(number_max=choice.number_max),
    )
    if choice.needs is not None:
        wish = replace(wish, needs=read_needs(choice.needs))
    if choice.budget:
        wish = replace(
            wish, budgets=Budgets(amounts=dict(_amounts(choice.budget, "--budget")), is_sample=False)
        )
    if choice.why_not:
        document = _why_document(analyst.why_not(choice.why_not, wish, **asked.where()))
        session.terminal.answer(document, pairs({
            name: amount_of(name, value) if value is None or isinstance(value, float) else value
            for name, value in document.items()
        }))  # fmt: skip
        return
    show(analyst.select(wish, **asked.where()), asked, analyst=analyst, session=session)


def path(*, plan: PathOptions = _PLAN, asked: Asked = USUAL, session: Given) -> None:
    """Lay the path to a target year by year, and tell how often anybody has gone that way.

    Args:
        plan: The target and what is supposed.
        asked: Options of every question.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    wish = PathWish(
        target_usd=plan.target,
        years=plan.horizon,
        start_usd=plan.start,
        is_to_market=plan.to_market,
        baseline_growth=plan.growth,
        inflation=plan.inflation,
        totals=None if plan.totals is None else read_totals(plan.totals),
    )
    show(analyst.path(wish, **asked.where()), asked, analyst=analyst, session=session)


def mirror(*, imports: str = "", freight: float = 0.06, asked: Asked = USUAL, session: Given) -> None:
    """Compare what the exporter reports with what the market reports, and show the gap.

    Args:
        imports: Release of what importers reported; --release is of what exporters did. Needed.
        freight: What freight and insurance add to the importer's value, as a share.
        asked: Options of every question.
        session: This run.
    """
    if not imports:
        raise DataMissing(_NO_MIRROR)
    analyst = analyst_of(asked, session)
    folder = find_trade_folder(session.settings().trade_folder, session.environment)
    other = open_analyst(folder, release=imports, engine=asked.engine)
    answer = analyst.mirror(other.book, MirrorWish(freight_share=freight), **asked.where())
    show(answer, asked, analyst=analyst, session=session)


def again(manifest: Path, /, *, asked: Asked = USUAL, session: Given) -> None:
    """Make the answer of a manifest again, and tell whether its tables are the same to the last digit.

    Who, where, when and every parameter are the manifest's; --release must be the data that it names.

    Args:
        manifest: FILE.manifest.json, or one of a roadmap's folder.
        asked: Where the data are, and what to write.
        session: This run.
    """
    analyst = analyst_of(asked, session)
    show(make_again(analyst, manifest), asked, analyst=analyst, session=session)


def _rates(tariffs: Path | None, supposed: float | None) -> Rates:
    if tariffs is not None and supposed is not None:
        raise BadUsage("--tariffs and --supposed exclude each other: a schedule needs no supposed rate")
    return read_rates(tariffs) if tariffs is not None else Rates(supposed_percent=supposed)


def _amounts(words: Sequence[str], option: str) -> Sequence[tuple[str, float]]:
    told: list[tuple[str, float]] = []
    for word in words:
        name, _, amount = word.partition("=")
        try:
            told.append((name, float(amount)))
        except ValueError:
            raise BadUsage(f"{option} {word[:60]}: write a name and an amount, as land_acres=6000") from None
    return told


def _growing(word: str) -> GrowthLever:
    """Read ``CHN=1.3`` or ``CHN=1.3:1.02``."""
    country, _, ratios = word.partition("=")
    gdp, _, people = ratios.partition(":")
    try:
        return GrowthLever(
            country=country.strip().upper(), gdp=float(gdp), population=float(people) if people else None
        )
    except ValueError:
        raise BadUsage(
            f"--grow {word[:60]}: write a country and how many times its GDP becomes, as CHN=1.3, or with the "
            "population's, as CHN=1.3:1.02"
        ) from None


def _why_document(found: WhyNot) -> Mapping[str, object]:
    return {
        "candidate": found.code,
        "reason": found.reason.value,
        "words": words_of("choice", found.reason.value, values=found.amounts_usd),
        "gain_usd": found.gain_usd,
        "cost_usd": found.cost_usd,
        "threshold_usd": found.threshold_usd,
        "missing_usd": found.missing_usd,
        "pays_for": [f"{one.limit}: {amount_of('charge_usd', one.usd)}" for one in found.charges],
        "would_leave": list(found.displaced),
        "would_come": list(found.joined),
        "contradicts": [str(one) for one in found.contradiction],
    }
