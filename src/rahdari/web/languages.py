"""The languages of the pages: message catalogues, and which language a visitor reads."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("en", "ur", "zh")
COOKIE = "rahdari-lang"
# A browser sends a handful; more is somebody playing.
ACCEPTED_MAX = 20
_FOLDER = Path(__file__).parent / "messages"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every sentence of the pages in one language."""

    language: str
    messages: Mapping[str, str]

    @property
    def direction(self) -> str:
        """Tell the direction of writing, as HTML's ``dir`` wants it."""
        return "rtl" if self.language == "ur" else "ltr"

    def say(self, key: str, **values: object) -> str:
        """Say the message ``key``. A key that is not there is our own error, hence ``KeyError``."""
        text = self.messages[key]
        return text.format(**values) if values else text


@cache
def catalogue(language: str) -> Catalogue:
    """Read the catalogue of one of ``LANGUAGES``."""
    read = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return Catalogue(language, MappingProxyType(dict(_flatten(read, ""))))


def _flatten(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            flat += _flatten(value, f"{prefix}{name}.")
        else:
            flat.append((f"{prefix}{name}", str(value)))
    return flat


def choose(*, asked: str, cookie: str, accepted: str, otherwise: str) -> str:
    """Choose: what the visitor asked for now, else chose before, else the browser (RFC 9110, 12.5.4)."""
    for wish in (asked, cookie):
        if wish in LANGUAGES:
            return wish
    return _best(accepted) or otherwise


def _best(accepted: str) -> str | None:
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")[:ACCEPTED_MAX]):
        name, _, weight = part.strip().partition(";q=")
        language = name.split("-")[0].strip().lower()
        quality = _quality(weight)
        if language in LANGUAGES and quality > 0:
            ranked.append((-quality, place, language))
    return min(ranked)[2] if ranked else None


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
