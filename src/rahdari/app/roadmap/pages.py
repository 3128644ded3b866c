"""The report of a run, put together."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from rahdari.app.charts import ChartDrawer
from rahdari.app.errors import ChartFailed
from rahdari.app.roadmap.cells import without_picture
from rahdari.app.roadmap.evidence import chapters
from rahdari.app.roadmap.first_page import first_page
from rahdari.app.roadmap.report import Block, Chapter, Paragraph, Picture, Report, Words
from rahdari.app.roadmap.run import Findings
from rahdari.app.roadmap.tongue import tongue_of


def write_report(
    found: Findings, *, made_at: datetime, ledger: str, inputs: Mapping[str, str] | None = None
) -> Report:
    """Write the report in the plan's language.

    ``ledger`` tells how far the ledger of forecasts reaches, to be found again by it; ``inputs`` are the files
    that the plan names, each with its SHA-256.
    """
    tongue, source, scope = found.tongue, found.book.source, found.scope
    colophon = [
        tongue.say(
            "made.plan",
            plan=found.plan.name,
            plan_digest=found.plan.digest,
            source=source.name,
            release=source.release,
            digest=source.digest,
            attribution=source.attribution,
        ),
        *(tongue.say("made.input", name=name, digest=digest) for name, digest in (inputs or {}).items()),
        ledger,
        tongue.say("made.tables"),
    ]
    made = Chapter("made", tongue.say("chapter.made"), tuple(Paragraph(text) for text in colophon))
    return Report(
        title=found.plan.asks.title,
        subtitle=tongue.say(
            "page.subtitle",
            exporter=found.named(scope.exporter),
            market=found.named(scope.market),
            source=source.name,
            release=source.release,
            year=str(scope.years[-1]),
        ),
        made_on=tongue.date(made_at),
        answer=first_page(found),
        chapters=(*chapters(found), made),
        language=tongue.language,
        words=Words(*(tongue.say(f"page.{name}") for name in ("answer", "evidence", "footer"))),
    )


def drawable(report: Report, drawer: ChartDrawer) -> Report:
    """Put a sentence in the place of each picture that cannot be drawn: no picture ends a report."""
    tongue = tongue_of(report.language)

    def drawn(block: Block) -> Block:
        if not isinstance(block, Picture):
            return block
        try:
            drawer.svg(block.chart)
        except ChartFailed as failed:
            return without_picture(tongue, failed.message)
        return block

    chapters = tuple(replace(one, blocks=tuple(map(drawn, one.blocks))) for one in report.chapters)
    return replace(report, answer=tuple(map(drawn, report.answer)), chapters=chapters)
