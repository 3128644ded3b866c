"""The office that makes a roadmap: asks, writes everything aside, moves it into place, and keeps its forecasts."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rahdari.app.analyst import Analyst
from rahdari.app.charts import ChartDrawer
from rahdari.app.errors import BadFile, ChartFailed
from rahdari.app.files import write_whole
from rahdari.app.forecast_ledger import ForecastLedger
from rahdari.app.manifests import csv_bytes, digest_of
from rahdari.app.roadmap.forecasting import claims_of
from rahdari.app.roadmap.known import files_used
from rahdari.app.roadmap.pages import drawable, write_report
from rahdari.app.roadmap.place import FORMAT, MANIFEST, aside_of, move, require_free
from rahdari.app.roadmap.plan import Plan
from rahdari.app.roadmap.report import Picture, Report, to_html, to_pdf, to_svg
from rahdari.app.roadmap.run import Findings, Told, ask_all
from rahdari.app.roadmap.tongue import Tongue
from rahdari.kernel import Clock
from rahdari.trade.rules.forecast_chain import Head
from rahdari.trade.rules.forecasts import Claim


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was made: the folder, its files by name with their SHA-256, the answers, and the ledger's new head."""

    folder: Path
    files: Mapping[str, str]
    found: Findings
    head: Head
    forecasts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RoadmapOffice:
    """Makes roadmaps: ``analyst`` answers, ``ledger`` keeps the forecasts, ``clock`` dates everything."""

    analyst: Analyst
    ledger: ForecastLedger
    clock: Clock

    def make(
        self, plan: Plan, folder: Path, *, is_replacing: bool = False, told: Told = lambda _: None
    ) -> Made:
        """Run a plan and write its folder: report, tables with manifests, charts, and the plan itself.

        The folder is whole or not there. Forecasts are recorded last but for the move; the same forecast of the
        same plan and data is recorded once.

        Args:
            plan: what is asked.
            folder: where to; it must not be there.
            is_replacing: an earlier roadmap in ``folder`` is replaced; anything else there is still refused.
            told: hears what is being done.

        Raises:
            OutputTaken: the folder is there already.
            FolderFailed: it cannot be written; nothing is left of it.
            ReportFailed: the PDF could not be made; nothing is left. A picture that cannot be drawn is a sentence.
            TradeRefused: see ``ask_all`` and ``ForecastLedger.record``.
        """
        require_free(folder, is_replacing=is_replacing)
        found = ask_all(plan, self.analyst, told=told)
        told("report")
        now, claims = self.clock.now(), self._new_claims(found)
        inputs = _inputs(found)
        told_of = _ledger_words(found.tongue, self.ledger.head(), len(claims))
        report = write_report(found, made_at=now, ledger=told_of, inputs=inputs)
        contents = {"plan.toml": plan.raw, **_tables(found, self.analyst), **_pages(report, plan)}
        aside = aside_of(folder)
        try:
            for name, content in contents.items():
                write_whole(aside / name, content)
            recorded = self.ledger.record(claims) if claims else ()
            files = {name: digest_of(content) for name, content in contents.items()}
            made = Made(folder, files, found, self.ledger.head(), tuple(one.id for one in recorded))
            write_whole(aside / MANIFEST, _manifest(made, made_at=f"{now:%Y-%m-%dT%H:%M:%SZ}"))
            move(aside, folder, is_replacing=is_replacing)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return made

    def _new_claims(self, found: Findings) -> list[Claim]:
        """Give what was not said before: a second run of a plan on the same data forecasts nothing new."""
        if not found.plan.asks.outputs.forecasts:
            return []
        said = {one.claim for one in self.ledger.read().forecasts}
        return [one for one in claims_of(found, this_year=self.clock.now().year) if one not in said]


def read_head(folder: Path) -> Head:
    """Read how far the ledger reached when a roadmap was made.

    Raises:
        BadFile: there is no manifest of a roadmap in the folder.
    """
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
        return Head(int(document["ledger"]["count"]), str(document["ledger"]["digest"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise BadFile(
            f"{folder} holds no manifest of a roadmap; name the folder that one was written to"
        ) from None


def _tables(found: Findings, analyst: Analyst) -> dict[str, bytes]:
    """Give every table of every answer as CSV, and a manifest for each answer."""
    files: dict[str, bytes] = {}
    for place, (question, answer) in enumerate(found.answers.items(), 1):
        start = f"answers/{place:02}-{question}"
        files[f"{start}.csv"] = csv_bytes(answer.table)
        for name, table in answer.tables.items():
            files[f"{start}.{name}.csv"] = csv_bytes(table)
        files[f"{start}.manifest.json"] = analyst.manifest(answer).to_json()
    return files


def _pages(report: Report, plan: Plan) -> dict[str, bytes]:
    drawer, outputs = ChartDrawer(), plan.asks.outputs
    report = drawable(report, drawer)
    files = {"roadmap.html": to_html(report, drawer)}
    if outputs.pdf:
        files["roadmap.pdf"] = to_pdf(report, drawer)
    if outputs.charts:
        for chapter in report.chapters:
            for block in chapter.blocks:
                if isinstance(block, Picture):
                    name = f"charts/{chapter.id}-{block.chart.name}"
                    files[f"{name}.svg"] = to_svg(block.chart, drawer, report.language)
                    with suppress(ChartFailed):
                        files[f"{name}.png"] = drawer.png(block.chart)
    return files


def _ledger_words(tongue: Tongue, head: Head, added: int) -> str:
    if not added and not head.count:
        return tongue.say("made.none")
    return tongue.say(
        "made.ledger", count=tongue.count(head.count), digest=head.digest, added=tongue.count(added)
    )


def _inputs(found: Findings) -> dict[str, str]:
    """Give the files that the answers were made from, each with its SHA-256."""
    return {str(one["name"]): str(one["sha256"]) for one in files_used(found.answers)}


def _manifest(made: Made, *, made_at: str) -> bytes:
    found, head = made.found, made.head
    source = found.book.source
    document = {
        "format": FORMAT,
        "program": f"rahdari {version('rahdari')}",
        "made_at": made_at,
        "plan": {"name": found.plan.name, "sha256": found.plan.digest},
        "inputs": files_used(found.answers),
        "language": found.tongue.language,
        "source": {
            "name": source.name,
            "release": source.release,
            "revision": source.revision.value,
            "sha256": source.digest,
            "attribution": source.attribution,
        },
        "questions": {
            **{question: {"answered": True} for question in found.answers},
            **{
                one.question: {"answered": False, "code": one.code, "why": one.why}
                for one in found.missing.values()
            },
        },
        "ledger": {"count": head.count, "digest": head.digest},
        "forecasts": list(made.forecasts),
        "files_sha256": dict(sorted(made.files.items())),
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
