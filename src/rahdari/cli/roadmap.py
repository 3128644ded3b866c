"""``rahdari roadmap``: the whole chain in one run, and the score of its forecasts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import App, Parameter
from rich.console import RenderableType

from rahdari.cli.authority import Given
from rahdari.cli.terminal import count_of, pairs, table_of

Language: TypeAlias = Literal["en", "ur", "zh"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Written:
    """Where the report goes, and in which language."""

    out: Annotated[Path, Parameter(help="The folder to write.")] = Path("roadmap")
    language: Annotated[
        Language | None, Parameter(help="Language of the report: en, ur or zh; else the plan's.")
    ] = None
    force: Annotated[bool, Parameter(help="Replace an earlier roadmap in the folder.")] = False


_WRITTEN = Written()

ROADMAP = App(
    name="roadmap",
    help="Run every question of the export roadmap from one plan, and write the report with its tables.",
    help_format="plaintext",
    help_epilogue="",
)


@ROADMAP.default
def roadmap(
    plan: Path | None = None,
    /,
    *,
    release: str | None = None,
    engine: str | None = None,
    written: Written = _WRITTEN,
    session: Given,
) -> None:
    """Run every question of the export roadmap from one plan, and write the report with its tables.

    Without a plan: Pakistan's minerals to China, on the data that the program carries. The folder is whole or not
    there.

    Args:
        plan: The TOML file; docs/do/make-a-roadmap.md tells every key.
        release: Release of the flows, as 202601, or carried; else the plan's, else the newest here.
        engine: Address of a Spark Connect server, sc://host:port; else the setting.
        written: Where the report goes, and in which language.
        session: This run.
    """
    # The analysis brings its libraries along; a mistyped command must not wait for them.
    from rahdari.app.analyst import Analyst  # noqa: PLC0415
    from rahdari.app.clock import SystemClock  # noqa: PLC0415
    from rahdari.app.forecast_ledger import ForecastLedger  # noqa: PLC0415
    from rahdari.app.roadmap import RoadmapOffice, open_plan  # noqa: PLC0415
    from rahdari.app.roadmap.place import require_free  # noqa: PLC0415
    from rahdari.app.trade_data import find_trade_folder, open_release  # noqa: PLC0415
    from rahdari.app.trade_places import CARRIED, Remark, find_release  # noqa: PLC0415
    from rahdari.app.trade_words import words_of  # noqa: PLC0415

    settings, clock = session.settings(), SystemClock()
    asked = open_plan(plan).in_language(written.language)
    require_free(written.out, is_replacing=written.force)
    folder = find_trade_folder(settings.trade_folder, session.environment)
    # The sample is about the carried data, whatever else has been fetched since.
    wanted = release or asked.asks.release or (CARRIED if plan is None else None)
    opened = open_release(folder, wanted, engine=settings.trade_engine if engine is None else engine)
    for one in opened.remarks:
        session.terminal.note(words_of("data", one.code, values=one.values))
    fetched = find_release(folder, None) if wanted == CARRIED and plan is None and release is None else None
    if fetched is not None:
        session.terminal.note(words_of("data", Remark.SAMPLE_IS_CARRIED, values={"name": fetched[0]}))
    analyst = Analyst(opened.book, clock=clock, remarks=opened.remarks)
    office = RoadmapOffice(analyst, ForecastLedger(folder / "forecasts", clock), clock)
    made = office.make(
        asked,
        written.out,
        is_replacing=written.force,
        told=lambda question: session.terminal.note(f"{question} ..."),
    )
    missing = {one.question: one.why for one in made.found.missing.values()}
    figures = {question: dict(answer.figures) for question, answer in made.found.answers.items()}
    session.terminal.answer(
        {
            "folder": str(made.folder),
            "title": asked.asks.title,
            "files": sorted([*made.files, "manifest.json"]),
            "figures": figures,
            "missing": missing,
            "forecasts": list(made.forecasts),
            "ledger": {"count": made.head.count, "digest": made.head.digest},
        },
        f"Wrote {made.folder}: {asked.asks.title}.",
        *_lines(made.folder, missing, len(made.forecasts)),
    )


def _lines(folder: Path, missing: dict[str, str], forecasts: int) -> list[RenderableType]:
    lines: list[RenderableType] = [
        pairs(
            {
                "read": str(folder / "roadmap.html"),
                "print": str(folder / "roadmap.pdf") if (folder / "roadmap.pdf").is_file() else "",
                "tables": str(folder / "answers"),
                "forecasts kept": count_of(forecasts, "new forecast"),
            }
        )
    ]
    lines += [f"Not answered: {question}: {why}" for question, why in missing.items()]
    return lines


@ROADMAP.command(help="Score the forecasts of earlier roadmaps whose year has passed.")
def score(*, noted: Path | None = None, release: str | None = None, session: Given) -> None:
    """Score the forecasts of earlier roadmaps whose year has passed.

    A forecast is scored by the data it was made from, in a later release.

    Args:
        noted: The folder of an earlier roadmap; forecasts that were dropped from the ledger since are found by it.
        release: Release of the flows, as 202601, or carried; else the newest here.
        session: This run.
    """
    from rahdari.app.clock import SystemClock  # noqa: PLC0415 - see above
    from rahdari.app.forecast_ledger import ForecastLedger  # noqa: PLC0415
    from rahdari.app.roadmap import score_forecasts  # noqa: PLC0415
    from rahdari.app.roadmap.numbers import usd  # noqa: PLC0415
    from rahdari.app.roadmap.office import read_head  # noqa: PLC0415
    from rahdari.app.trade_data import find_trade_folder, open_flows  # noqa: PLC0415

    settings = session.settings()
    folder = find_trade_folder(settings.trade_folder, session.environment)
    ledger = ForecastLedger(folder / "forecasts", SystemClock())
    book = open_flows(folder, release, engine=settings.trade_engine)
    sheet = score_forecasts(ledger, book, noted=None if noted is None else read_head(noted))
    rows = sheet.to_frame().to_dicts()
    waiting = [
        {"id": one.forecast.id, "target_year": one.forecast.claim.target_year, "why": one.why.value}
        for one in sheet.waiting
    ]
    session.terminal.answer(
        {"scores": rows, "waiting": waiting},
        table_of(
            ("forecast", "of", "year", "came to", "loss", "no change", "inside"),
            (
                (
                    row["id"],
                    f"{row['exporter']} to {row['market']}",
                    row["target_year"],
                    usd(row["outcome_usd"]),
                    f"{row['loss']:.3g}",
                    "" if row["loss_no_change"] is None else f"{row['loss_no_change']:.3g}",
                    {True: "yes", False: "no", None: ""}[row["is_inside"]],
                )
                for row in rows
            ),
        )
        if rows
        else "No forecast can be scored yet.",
        *_waiting_lines(one.why.value for one in sheet.waiting),
    )


def _waiting_lines(reasons: Iterable[str]) -> list[RenderableType]:
    """Count the forecasts without a score by why they wait."""
    found = Counter(reasons)
    words = {
        "year_not_over": "wait for their year to be over",
        "no_outcome_in_the_data": "wait for data that hold their year, of the source that they were made from",
        "data_hold_other_goods": "wait for data that hold every product they are of; these hold others",
        "goods_were_not_noted": "are of before a forecast noted its products, and are not scored",
    }
    return [f"{count_of(number, 'forecast')} {words[why]}." for why, number in found.items()]
