"""The report of a run, put together."""

from datetime import datetime

from rahdari.app.roadmap.evidence import chapters
from rahdari.app.roadmap.first_page import first_page
from rahdari.app.roadmap.report import Chapter, Paragraph, Report
from rahdari.app.roadmap.run import Findings


def write_report(found: Findings, *, made_at: datetime, ledger: str) -> Report:
    """Write the report; ``ledger`` tells how far the ledger of forecasts reaches, to be found again by it."""
    names = {one.code: one.name for one in found.book.countries}
    source = found.book.source
    scope = found.scope
    colophon = Chapter(
        "made",
        "How to make these figures again",
        (
            Paragraph(
                f"Plan {found.plan.name}, SHA-256 {found.plan.digest}. Data {source.name} "
                f"{source.release}, SHA-256 "
                f"{source.digest}. {source.attribution}."
            ),
            Paragraph(ledger),
            Paragraph(
                "Each table lies in the folder answers/ as CSV with a manifest that names every parameter."
            ),
        ),
    )
    return Report(
        title=found.plan.asks.title,
        subtitle=(
            f"{names[scope.exporter]} to {names[scope.market]} · {source.name} {source.release}, "
            f"{scope.years[-1]}"
        ),
        made_at=made_at,
        answer=first_page(found),
        chapters=(*chapters(found), colophon),
    )
