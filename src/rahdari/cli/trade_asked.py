"""What the questions of trade have in common on a command line: their options, and how an answer is shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter
from rich.console import RenderableType

from rahdari.app.analyst import Analyst, Where, open_analyst
from rahdari.app.frame_files import Form, document_of, form_of, table_of, write_answer
from rahdari.app.trade_data import find_trade_folder
from rahdari.app.trade_places import Remark
from rahdari.app.trade_words import amount_of, note_words, words_of
from rahdari.cli.errors import BadUsage
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, pairs
from rahdari.cli.terminal import table_of as drawn
from rahdari.trade import Answer, Note

_WHAT = Group("Who, where and when", sort_key=5)
_WRITING = Group("Data and files", sort_key=6)
# A name of a product is a whole sentence of the tariff; its beginning tells it apart.
NAME_CHARACTERS_MAX = 40
ROWS_SHOWN = 15
# What --json gives without --limit; a file holds everything.
ROWS_IN_JSON = 1_000

# What the terminal shows of each answer's first table; files hold every column.
SHOWN: Mapping[str, Sequence[str]] = {
    "screen": ("product_code", "product_name", "market_imports_value_usd", "market_growth_share_per_year",
               "sold_value_usd", "market_share", "exports_value_usd", "rca_ratio"),
    "complexity": ("product_code", "product_name", "value_usd", "is_present", "pci", "density_share", "cog"),
    "potential": ("product_code", "product_name", "potential_usd", "actual_usd", "untapped_usd", "realised_share",
                  "gain_usd"),
    "diversify": ("rank", "product_code", "product_name", "score_index", "density_share", "rca_ratio", "pci"),
    "tariff": ("product_code", "product_name", "imports_usd", "tariff_before_percent", "tariff_after_percent",
               "creation_usd", "diversion_usd", "gain_usd"),
    "relocate": ("rank", "product_code", "product_name", "score_usd", "vacated_value_usd", "host_chance_share",
                 "is_eligible"),
    "ladder": ("ladder", "from_tier", "to_tier", "yield_tonnes_per_tonne", "uplift_ratio", "extra_net_value_usd",
               "sources_code"),
    "substitute": ("product_code", "product_name", "verdict", "imports_value_usd",
                   "imports_growth_share_per_year", "dependence_share", "net_saving_usd"),
    "select": ("candidate", "origin", "product_name", "is_chosen", "gain_usd", "scarcest_limit"),
    "path": ("year", "path", "prices", "value_usd", "growth_percent"),
    "mirror": ("year", "product_code", "product_name", "exporter_usd", "importer_usd", "gap_usd", "ratio",
               "told_by"),
}  # fmt: skip


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asked:
    """Options of every question."""

    exporter: Annotated[str, Parameter(group=_WHAT, help="Who sells: three letters, as PAK.")] = "PAK"
    market: Annotated[str, Parameter(group=_WHAT, help="Where: three letters, as CHN.")] = "CHN"
    year: Annotated[int | None, Parameter(group=_WHAT, help="The year that is now; else the latest.")] = None
    level: Annotated[
        Literal["hs2", "hs4", "hs6"], Parameter(group=_WHAT, help="How finely products are told apart.")
    ] = "hs6"
    release: Annotated[
        str | None,
        Parameter(group=_WRITING, help="Which data: a release, or carried; else the newest fetched."),
    ] = None
    engine: Annotated[
        str, Parameter(group=_WRITING, help="Spark Connect address in the place of the setting.")
    ] = ""
    out: Annotated[
        Path | None,
        Parameter(group=_WRITING, help="Write to this file, .csv .parquet .xlsx .json, with a manifest."),
    ] = None
    form: Annotated[
        str | None,
        Parameter(name="--format", group=_WRITING, help="Form of the file, where its name does not tell."),
    ] = None
    table: Annotated[
        str,
        Parameter(
            group=_WRITING, help="Which of the answer's tables to show, and to write as CSV or Parquet."
        ),
    ] = "table"
    force: Annotated[bool, Parameter(group=_WRITING, help="Overwrite the file.")] = False
    limit: Annotated[
        int | None, Parameter(group=_WRITING, help="So many rows at most here; files hold all.")
    ] = None

    def where(self) -> Where:
        """Give who, where and when."""
        return Where(exporter=self.exporter, market=self.market, year=self.year, level=self.level)


USUAL = Asked()
# What a country makes, and what it buys from everybody.
_OF_ONE = frozenset({"complexity", "substitute"})


def analyst_of(asked: Asked, session: Session) -> Analyst:
    """Open the data that are asked for, after a look at what could be refused at once."""
    if asked.limit is not None and asked.limit < 0:
        raise BadUsage(f"--limit {asked.limit}; it is 0 or more rows")
    if asked.out is not None:
        form_of(asked.out, asked.form)
    settings = session.settings()
    folder = find_trade_folder(settings.trade_folder, session.environment)
    analyst = open_analyst(folder, release=asked.release, engine=asked.engine or settings.trade_engine)
    # Also where the question is then refused: the reader may have meant other data.
    for one in analyst.remarks:
        if one.code != Remark.USED:
            session.terminal.note(_worded(one))
    return analyst


def show(answer: Answer, asked: Asked, *, analyst: Analyst, session: Session) -> None:
    """Write the files that are asked for, then show figures, notes and the first rows."""
    manifest = analyst.manifest(answer)
    written: Sequence[Path] = ()
    # A wrong name of a table is refused before anything is written.
    table = table_of(answer, asked.table)
    if asked.out is not None:
        form: Form = form_of(asked.out, asked.form)
        written = write_answer(
            answer, manifest, asked.out, form=form, table=asked.table, is_forced=asked.force
        )
    rows = ROWS_IN_JSON if asked.limit is None else asked.limit
    document = document_of(answer, manifest, rows_max=rows) if session.terminal.is_json else {}
    if document:
        document["table"] = document.pop("tables")[asked.table]  # type: ignore[index]
        document["notes"] = [
            {"code": one.code, "values": dict(one.values), "words": note_words(answer.question, one)}
            for one in answer.notes
        ]
        document["data"] = [
            {"code": one.code, "values": dict(one.values), "words": _worded(one)} for one in analyst.remarks
        ]
    document["files"] = [str(one) for one in written]
    session.terminal.answer(document, *_lines(answer, asked, table.columns, written, analyst.remarks))


def _lines(
    answer: Answer, asked: Asked, columns: Sequence[str], written: Sequence[Path], remarks: Sequence[Note]
) -> Iterator[RenderableType]:
    scope, table = answer.scope, table_of(answer, asked.table)
    years = f"{scope.years[0]}" if len(scope.years) == 1 else f"mean of {scope.years[0]} to {scope.years[-1]}"
    yield f"{answer.question}: {_sides(answer)}, {years}, {scope.level}"
    yield f"{answer.source.attribution}"
    yield from (_worded(one) for one in remarks if one.code == Remark.USED)
    yield ""
    yield pairs({_heading(name): amount_of(name, value) for name, value in answer.figures.items()})
    yield ""
    wanted = SHOWN.get(answer.question, ()) if asked.table == "table" else columns
    shown = [name for name in wanted if name in columns]
    limit = ROWS_SHOWN if asked.limit is None else asked.limit
    yield drawn(
        [_heading(name) for name in shown],
        [[_cell(name, cell) for name, cell in zip(shown, row, strict=True)]
         for row in table.select(shown).head(limit).iter_rows()],
    )  # fmt: skip
    if len(table) > limit:
        yield f"{count_of(len(table) - limit, 'further row')}; --limit shows more, --out writes all."
    others = [name for name in answer.tables if name != asked.table]
    if others:
        yield f"Further tables (--table): {', '.join(others)}"
    yield ""
    yield from (f"* {note_words(answer.question, one)}" for one in answer.notes)
    yield from (f"Written: {one}" for one in written)


def _sides(answer: Answer) -> str:
    """Tell whom an answer is about: not every question looks at the market."""
    scope = answer.scope
    if answer.question in _OF_ONE:
        return str(scope.exporter)
    if answer.question == "path" and not answer.parameters["is_to_market"]:
        return f"{scope.exporter} to the world"
    if answer.question == "relocate":
        return f"from {answer.figures['donor']} to {scope.exporter}"
    return f"{scope.exporter} to {scope.market}"


def _worded(remark: Note) -> str:
    return words_of("data", remark.code, values=remark.values)


def _heading(name: str) -> str:
    """Write the name of a column or figure without the unit that stands behind its numbers."""
    return name.removesuffix("_usd").removesuffix("_value").removesuffix("_code").replace("_", " ")


def _cell(name: str, value: object) -> str:
    if isinstance(value, str):
        is_long = name.endswith("_name") and len(value) > NAME_CHARACTERS_MAX
        return f"{value[: NAME_CHARACTERS_MAX - 1].rstrip()}…" if is_long else value
    if value is None or isinstance(value, bool | int | float):
        return str(value) if name in {"year", "rank"} else amount_of(name, value)
    return str(value)
