"""What a roadmap says of the years ahead, kept in the ledger of forecasts, and its score when they have passed."""

import re

import numpy as np

from rahdari.app.forecast_ledger import ForecastLedger
from rahdari.app.roadmap.cells import figure
from rahdari.app.roadmap.run import Findings
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.forecast_chain import Head
from rahdari.trade.rules.forecast_scores import ScoreSheet, Waits
from rahdari.trade.rules.forecasts import Chance, Claim, Goods, Known, Quantiles
from rahdari.trade.values import CountryCode, Level, Source

# The simple rule of "growth as before" looks back so many years.
EARLIER_YEARS = 5


def claims_of(found: Findings, *, this_year: int) -> tuple[Claim, ...]:
    """Say of each year ahead how the fan lies, and of the last with what chance the part of the target is reached.

    Years that are over when the forecast is made are left out: whoever knows them forecasts nothing. Where the data
    held no windows to draw from, nothing is forecast.
    """
    answer = found.find("path")
    if answer is None or "fan" not in answer.tables:
        return ()
    known = _known(found)
    ahead = [year for year in sorted(set(answer.tables["fan"]["year"].to_list())) if year > known.last_year]
    claims = [_claim(found, known, year, _quantiles(found, year)) for year in ahead if year >= this_year]
    reaching, target = figure(answer, "drawn_reaching_share"), figure(answer, "target_usd")
    if claims and reaching is not None and target is not None:
        claims.append(_claim(found, known, ahead[-1], Chance(reaching, target)))
    return tuple(claims)


def score_forecasts(ledger: ForecastLedger, book: FlowBook, *, noted: Head | None = None) -> ScoreSheet:
    """Score every forecast whose year is over and held by ``book``; forecasts of other data wait for theirs.

    The outcome is summed over the very goods that the forecast is of, and where ``book`` does not hold all of them
    the forecast waits.

    Raises:
        BadTradeFile, FolderFailed: as ``ForecastLedger.score``.
    """
    return ledger.score(lambda claim: _outcome(claim, book), noted=noted)


def _outcome(claim: Claim, book: FlowBook) -> float | Waits | None:
    if claim.what != what_of(book.source) or claim.target_year not in book.years:
        return None
    if claim.goods is None:
        return Waits.GOODS_NOT_NOTED
    level = claim.goods.level
    codes = claim.goods.within(str(one.code) for one in book.products(level))
    if codes is None:
        return Waits.OTHER_GOODS
    places = {one.code for one in book.countries}
    if not {claim.exporter, claim.market} <= places:
        return None
    sold = book.sold_by(CountryCode(claim.exporter), [claim.target_year], level)
    wanted = set(codes)
    is_wanted = np.array([code in wanted for code in sold.columns], dtype=np.bool_)
    return float(sold.of_row(claim.market)[is_wanted].sum())


def what_of(source: Source) -> str:
    """Name what a forecast is of: all products of a source, whatever its release.

    Example:
        >>> from rahdari.trade import Revision
        >>> what_of(Source("CEPII BACI, raw materials", "202601", Revision.HS92, "0" * 64, ""))
        'all.CEPII-BACI-raw-materials.HS92'
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", source.name).strip("-")[:40]
    return f"all.{name}.{source.revision.value}"


def _known(found: Findings) -> Known:
    last = found.scope.years[-1]
    earlier = max(last - EARLIER_YEARS, found.book.years[0])
    before = _traded(found, earlier) if earlier < last and earlier in found.book.years else 0.0
    return Known(last, _traded(found, last), min(earlier, last - 1), before or None)


def _traded(found: Findings, year: int) -> float:
    flows = found.book.bilateral([year])
    return float(flows.of_row(found.scope.exporter)[flows.columns.index(found.scope.market)])


def _quantiles(found: Findings, year: int) -> Quantiles:
    fan = found.answers["path"].tables["fan"].filter(year=year).sort("percentile")
    levels = tuple(percent / 100.0 for percent in fan["percentile"].to_list())
    return Quantiles(levels, tuple(fan["value_usd"].to_list()))


def _claim(found: Findings, known: Known, year: int, said: Quantiles | Chance) -> Claim:
    goods = Goods.of((str(one.code) for one in found.book.products(Level.HS6)), level=Level.HS6)
    return Claim(
        exporter=found.scope.exporter,
        market=found.scope.market,
        what=what_of(found.book.source),
        target_year=year,
        said=said,
        known=known,
        release_digest=found.book.source.digest,
        parameters_digest=found.plan.digest,
        goods=goods,
    )
