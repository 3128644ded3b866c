"""A report as blocks, set as one self-contained page (HTML) and as pages to print (PDF)."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rahdari.app.charts import Chart, ChartDrawer
from rahdari.app.errors import ReportFailed
from rahdari.app.roadmap.tongue import Language

_FOLDER: Final = Path(__file__).parent
_FONTS: Final = _FOLDER.parent / "cards" / "fonts"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain words; ``is_strong`` sets what must not be overlooked apart."""

    text: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its unit, what it is, and where it is from."""

    value: str
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures to be seen first."""

    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as it is read: cells are texts; ``right`` are the columns of numbers, from 0."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart and what stands under it."""

    chart: Chart
    caption: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a chapter."""

    text: str


Block: TypeAlias = Paragraph | Facts | Points | Grid | Picture | Heading
_KINDS: Final[Mapping[type, str]] = {
    Paragraph: "paragraph",
    Facts: "facts",
    Points: "points",
    Grid: "grid",
    Picture: "picture",
    Heading: "heading",
}


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the evidence; ``id`` is its place in the page."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What the page itself says: names of its two parts for those who hear it, and its last line."""

    answer: str
    evidence: str
    footer: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the answer on one page, then the evidence; ``made_on`` is its day as the language writes it."""

    title: str
    subtitle: str
    made_on: str
    answer: tuple[Block, ...]
    chapters: tuple[Chapter, ...]
    words: Words
    language: Language = "en"

    @property
    def direction(self) -> str:
        """Give the direction in which the language is written: ``ltr`` or ``rtl``."""
        return "rtl" if self.language == "ur" else "ltr"


# What a reader's machine may lack: the page carries the letters of its language itself, as the pages of the web do.
_OWN_FONTS: Final[Mapping[Language, tuple[str, str]]] = {
    "ur": ("Rahdari Nastaliq", "noto-nastaliq-urdu.woff2"),
    "zh": ("Rahdari Han", "noto-sans-sc.woff2"),
}
_LATIN: Final = ("Rahdari Sans", "noto-sans-regular.woff2")
_WEB_FONTS: Final = _FOLDER.parents[1] / "web" / "static" / "fonts"


def _style(language: Language) -> str:
    """Give the page's style, with the language's font in it where English letters are not enough."""
    style = (_FOLDER / "report.css").read_text(encoding="utf-8")
    return style + (_face(*_OWN_FONTS[language]) if language in _OWN_FONTS else "")


def _face(name: str, file: str) -> str:
    raw = base64.b64encode((_WEB_FONTS / file).read_bytes()).decode()
    source = f'url("data:font/woff2;base64,{raw}") format("woff2")'
    return f'@font-face {{ font-family: "{name}"; src: {source}; font-display: swap; }}\n'


def to_svg(chart: Chart, drawer: ChartDrawer, language: Language) -> bytes:
    """Draw a chart as a file of its own: the fonts that its words need are in it, so it looks the same anywhere.

    Raises:
        ChartFailed: it could not be drawn.
    """
    faces = _face(*_LATIN) + (_face(*_OWN_FONTS[language]) if language in _OWN_FONTS else "")
    root, end, rest = drawer.svg(chart).partition("</title>")
    return f"{root}{end}<style>{faces}</style>{rest}".encode()


def to_html(report: Report, drawer: ChartDrawer) -> bytes:
    """Set a report as one file that fetches nothing and runs nothing; its own policy (CSP) forbids both.

    Raises:
        ChartFailed: a chart could not be drawn.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    style = _style(report.language)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment.get_template("report.html.j2").render(
        report=report,
        # The drawer gives SVG without scripts, whose texts Vega has escaped; the style is our own file.
        svg=lambda chart: Markup(drawer.svg(chart)),  # noqa: S704
        style=Markup(style),  # noqa: S704
        style_digest=digest,
        kind=lambda block: _KINDS[type(block)],
    )
    return page.encode()


def to_pdf(report: Report, drawer: ChartDrawer) -> bytes:
    """Set a report as PDF, A4; the same report gives the same bytes.

    Raises:
        ChartFailed: a chart could not be drawn.
        ReportFailed: typst refuses the pages.
    """
    document = {
        "title": report.title,
        "subtitle": report.subtitle,
        "made_on": report.made_on,
        "language": report.language,
        "direction": report.direction,
        "answer": _plain(report.answer, drawer),
        "chapters": [{"title": one.title, "blocks": _plain(one.blocks, drawer)} for one in report.chapters],
    }
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FONTS])
    try:
        drawn = typst.compile(
            _FOLDER / "report.typ",
            root=_FOLDER,
            font_paths=fonts,
            format="pdf",
            sys_inputs={"report": json.dumps(document, ensure_ascii=False)},
            timestamp=0,
        )
    except typst.TypstError as failed:
        raise ReportFailed(f"the report cannot be set as PDF: {failed.message[:200]}") from failed
    if not isinstance(drawn, bytes):
        raise ReportFailed("the report cannot be set as PDF: typst gave no document")
    return drawn


def _plain(blocks: Sequence[Block], drawer: ChartDrawer) -> list[Mapping[str, object]]:
    return [{"kind": _KINDS[type(one)], **_fields(one, drawer)} for one in blocks]


def _fields(block: Block, drawer: ChartDrawer) -> Mapping[str, object]:
    match block:
        case Paragraph():
            return {"text": block.text, "strong": block.is_strong}
        case Heading():
            return {"text": block.text}
        case Facts():
            return {
                "items": [{"value": one.value, "what": one.what, "source": one.source} for one in block.items]
            }
        case Points():
            return {"items": list(block.items)}
        case Picture():
            return {"svg": drawer.svg(block.chart), "alt": block.chart.alt, "caption": block.caption}
        case Grid():
            return {
                "caption": block.caption,
                "headings": list(block.headings),
                "rows": [list(row) for row in block.rows],
                "right": sorted(block.right),
            }
