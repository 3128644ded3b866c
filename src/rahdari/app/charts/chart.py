"""What a chart is: a Vega-Lite specification with its data inside, and the same told in words."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from rahdari.app.errors import ChartFailed

Spec: TypeAlias = dict[str, object]
Row: TypeAlias = dict[str, object]
Labels: TypeAlias = Mapping[str, str]

# A reader tells some hundred marks apart; 5,000 products of a product space are the most that is ever drawn.
ROWS_MAX: Final = 20_000
TEXT_CHARACTERS_MAX: Final = 200

# Okabe and Ito (2008): eight colours that people with any of the common colour-vision deficiencies tell apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, GREY, INK = "#56B4E9", "#CC79A7", "#8a8f98", "#1b1f24"

# Stands where there is nothing to show.
NOTHING: Final = "\u2013"
WIDTH: Final = 560
HEIGHT: Final = 300

CONFIG: Final[Spec] = {
    "background": "white",
    # First what draws here, beside each the same letters under the name that a page gives its own fonts: a reader
    # has the first by chance, and the second with the page.
    "font": "Noto Sans, Rahdari Sans, Noto Sans CJK SC, Rahdari Han, Noto Nastaliq Urdu, Rahdari Nastaliq, "
    "sans-serif",
    # Descriptions of single marks would drown a screen reader; the chart's own text tells what it shows.
    "aria": False,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": "#e3e6ea",
        "domainColor": "#6b7280",
        "tickColor": "#6b7280",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        # Nastaliq reaches far above its line.
        "titlePadding": 10,
        "labelLimit": 230,
    },
    "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
    "text": {"color": INK, "fontSize": 12},
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart to be drawn: ``spec`` holds its data itself and names no address, ``alt`` says what it shows."""

    name: str
    spec: Mapping[str, object]
    alt: str

    @property
    def digest(self) -> str:
        """Give SHA-256 of the specification, in hexadecimal: the same chart has the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        """Give the specification as JSON, keys in order. Raises ``ChartFailed`` where a number is none."""
        try:
            return json.dumps(dict(self.spec), sort_keys=True, ensure_ascii=False, allow_nan=False)
        except ValueError:
            raise ChartFailed(f"the chart {self.name} holds a number that is infinite or none") from None


def chart(name: str, alt: str, body: Mapping[str, object]) -> Chart:
    """Put a chart together from what is its own; size and look are the same for all."""
    spec: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "height": HEIGHT,
    }
    return Chart(name, MappingProxyType({**spec, **body, "config": CONFIG}), alt)


def values(rows: Iterable[Row]) -> Spec:
    """Give rows as a chart's own data. Raises ``ChartFailed`` where there are too many."""
    held = list(rows)
    if len(held) > ROWS_MAX:
        raise ChartFailed(f"a chart of {len(held)} marks; at most {ROWS_MAX} are drawn, so choose fewer")
    return {"values": held}


def shown(text: object) -> str:
    """Give a text as a chart shows it: one line of bounded length, without letters that XML cannot hold."""
    line = " ".join("".join(one for one in str(text) if one.isspace() or one.isprintable()).split())
    return line if len(line) <= TEXT_CHARACTERS_MAX else line[: TEXT_CHARACTERS_MAX - 1] + "…"


def short(text: object, limit: int = 34) -> str:
    """Give a name that fits beside an axis, cut between two words.

    Example:
        >>> short("Copper ores and concentrates", 26), short("Ferrochromium", 8)
        ('Copper ores and…', 'Ferroch…')
    """
    line = shown(text)
    if len(line) <= limit:
        return line
    # A word is not cut, but where the words are so long that little would be left, or there are no spaces.
    whole = line[:limit].rpartition(" ")[0]
    cut = whole if len(whole) > limit // 3 else line[: limit - 1]
    return cut.rstrip(" ,;:(") + "…"


def scale_of(amounts: Sequence[float], labels: Labels) -> tuple[float, str]:
    """Choose the unit in which amounts are read with few digits: what to divide by, and its name.

    Example:
        >>> scale_of([3e9, 1e8], {"bn_usd": "bn USD"})
        (1000000000.0, 'bn USD')
    """
    most = max((abs(one) for one in amounts), default=0.0)
    for usual, name in ((1e9, "bn_usd"), (1e6, "mn_usd"), (1e3, "thousand_usd")):
        # Chinese counts in other orders: its label of a size says how large it is.
        unit = float(labels.get(f"{name}_size", usual))
        if most >= unit:
            return unit, labels[name]
    return 1.0, labels["usd"]


def digits(value: float) -> str:
    """Write a number with three digits that count.

    Example:
        >>> digits(1.2394), digits(322.3), digits(12345.0), digits(0.0)
        ('1.24', '322', '12,345', '0')
    """
    size = abs(value)
    if size >= 100 or size == 0:
        return f"{value:,.0f}"
    places = 2 if size >= 0.995 else 3
    return f"{value:.{1 if size >= 9.95 else places}f}".rstrip("0").rstrip(".")


def axis(field: str, title: str, **more: object) -> Spec:
    """Give a quantitative channel."""
    return {"field": field, "type": "quantitative", "title": title, **more}


@cache
def labels_in(language: str = "en") -> Labels:
    """Give the words of charts in English, Urdu (``ur``) or Chinese (``zh``); English for any other language."""
    raw = (Path(__file__).parent / "labels.toml").read_text(encoding="utf-8")
    held: dict[str, dict[str, str]] = tomllib.loads(raw)
    return MappingProxyType({key: one.get(language, one["en"]) for key, one in held.items()})
