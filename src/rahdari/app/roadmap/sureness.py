"""The end of the first page: what others have done before, what the exporter did itself, what was tested."""

from typing import Final

from rahdari.app.roadmap.cells import figure
from rahdari.app.roadmap.headline import is_met
from rahdari.app.roadmap.run import Findings
from rahdari.trade.rules.answers import Answer
from rahdari.trade.service.decades import DECADE

# What the sentence on sample coefficients names.
_NAMED: Final = frozenset({"capital_usd", "land_acres", "energy_mw", "skilled_workers"})


def sureness(found: Findings) -> list[str]:
    """Say what the past says of this plan, each as a sentence of its own."""
    tongue, national, past = found.tongue, found.find("national"), found.find("past")
    told = [_published(found, national)] if national is not None and not is_met(found.plan.goal) else []
    told += [*_windows(found), *_own(found)]
    if past is not None:
        kinds = ("density", "untapped", "what")
        names = [f"{kind}_{what}" for kind in kinds for what in ("led", "questions")]
        told.append(
            tongue.say("first.tested", **{name: tongue.count(figure(past, name) or 0) for name in names})
        )
    if is_sampled(found):
        is_usual = {one.resource for one in found.plan.needs.rows} >= _NAMED
        told.append(tongue.say("first.samples" if is_usual else "first.samples_other"))
    return told


def is_sampled(found: Findings) -> bool:
    """Tell whether the choice stands on needs that nobody stands behind; without needs, nothing stands on them."""
    return found.plan.needs.is_sample and bool(found.plan.needs.rows)


def _windows(found: Findings) -> list[str]:
    """Say what others did who sold these products there, in a market that grew as it did."""
    tongue, path = found.tongue, found.find("path")
    reached, asked = figure(path, "reached_share"), figure(path, "multiple") or 0.0
    if path is None or reached is None or asked <= 1:
        return []
    years = int(figure(path, "years") or 0)
    seen = {
        "windows": tongue.count(figure(path, "windows") or 0),
        "years": str(years),
        "market": found.named(found.scope.market),
        "least": tongue.usd(figure(path, "window_start_usd") or 0.0),
        "multiple": tongue.times(asked),
    }
    if reached > 0:
        ends = {end: tongue.percent(figure(path, f"reached_{end}_share") or 0) for end in ("low", "high")}
        told = [tongue.say("first.windows", reached=tongue.percent(reached), **ends, **seen)]
    else:
        largest = tongue.times(figure(path, "largest_multiple") or 0)
        told = [tongue.say("first.windows_none", largest=largest, **seen)]
    told = [tongue.joined((*told, *_market_growth(found)))]
    middle, target = figure(path, "median_end_usd"), figure(path, "target_usd")
    if middle is not None and target is not None:
        end = str(found.scope.years[-1] + years)
        told.append(
            tongue.say("first.middle", middle=tongue.usd(middle), target=tongue.usd(target), year=end)
        )
    return told


def _market_growth(found: Findings) -> list[str]:
    """Say how the market grew over the data: what was done then was done in a market that grew so."""
    first, last = found.book.years[0], found.scope.years[-1]
    bought = [
        float(found.book.bilateral([year]).of_column(found.scope.market).sum()) for year in (first, last)
    ]
    if first >= last or min(bought) <= 0:
        return []
    return [
        found.tongue.say(
            "first.windows_growth",
            market=found.named(found.scope.market),
            times=found.tongue.times(bought[1] / bought[0]),
            first=str(first),
            last=str(last),
        )
    ]


def _own(found: Findings) -> list[str]:
    """Say the exporter's own best window, however small it began, and the best of those of a comparable size."""
    tongue, path = found.tongue, found.find("path")
    best = figure(path, "own_any_multiple")
    if best is None:
        return []
    years, began = int(figure(path, "years") or 0), int(figure(path, "own_any_start_year") or 0)
    told = tongue.say(
        "first.best",
        exporter=found.named(found.scope.exporter),
        years=str(years),
        start=tongue.usd(figure(path, "own_any_start_usd") or 0.0),
        first=str(began),
        end=tongue.usd(figure(path, "own_any_end_usd") or 0.0),
        last=str(began + years),
        multiple=tongue.times(best),
    )
    least, sized = figure(path, "window_start_usd"), figure(path, "own_best_multiple")
    if least is None:
        return [told]
    if sized is None:
        return [tongue.joined((told, tongue.say("first.best_none", least=tongue.usd(least))))]
    first = str(int(figure(path, "own_best_start_year") or 0))
    of_size = tongue.say(
        "first.best_size", least=tongue.usd(least), first=first, multiple=tongue.times(sized)
    )
    return [tongue.joined((told, of_size))]


def _published(found: Findings, national: Answer) -> str:
    tongue, reached = found.tongue, figure(national, "all_reached_share")
    low, high = figure(national, "all_percentile_low"), figure(national, "all_percentile_high")
    if low is None and high is None:
        return tongue.say("first.other_horizon")
    key = "first.above" if high is None else "first.between" if low is not None else "first.below"
    ends = {name: tongue.count(value) for name, value in (("low", low), ("high", high)) if value is not None}
    share = ""
    if reached is not None:
        multiple = tongue.times(figure(national, "all_multiple") or 0)
        share = tongue.say("first.published_share", reached=tongue.percent(reached), multiple=multiple)
    first, last = (str(int(figure(national, f"reference_{end}_year") or 0)) for end in ("first", "last"))
    told = tongue.say(
        "first.published",
        where=tongue.say(key, **ends),
        windows=tongue.count(figure(national, "reference_windows") or 0),
        countries=tongue.count(figure(national, "reference_countries") or 0),
        first=first,
        last=last,
        share=share,
        median=tongue.times(figure(national, "reference_median_multiple") or 0),
    )
    return tongue.joined((told, *_of_size(found, national), *_own_decade(found, national)))


def _of_size(found: Findings, national: Answer) -> list[str]:
    """Say how often whole countries of the exporter's size did it: the larger the start, the rarer the multiple."""
    tongue, reached = found.tongue, figure(national, "class_reached_share")
    if reached is None:
        return []
    low, high = figure(national, "class_low_usd") or 0.0, figure(national, "class_high_usd")
    ends = {"low": tongue.usd(low)} | ({} if high is None else {"high": tongue.usd(high)})
    return [
        tongue.say(
            "first.of_size",
            size=tongue.say("first.size_above" if high is None else "first.size_between", **ends),
            windows=tongue.count(figure(national, "class_windows") or 0),
            reached=tongue.percent(reached),
            multiple=tongue.times(figure(national, "class_multiple") or 0),
        )
    ]


def _own_decade(found: Findings, national: Answer) -> list[str]:
    """Say the exporter's own best ten years of all its exports."""
    tongue, best = found.tongue, figure(national, "own_decade_multiple")
    if best is None:
        return []
    began = int(figure(national, "own_decade_start_year") or 0)
    return [
        tongue.say(
            "first.own_decade",
            exporter=found.named(found.scope.exporter),
            multiple=tongue.times(best),
            first=str(began),
            last=str(began + DECADE),
        )
    ]
