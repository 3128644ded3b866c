"""The frame of every page: templates, languages, dates, and the addresses of static files."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rahdari.app.countries import name_country
from rahdari.credentials import LocalText
from rahdari.web.languages import LANGUAGES
from rahdari.web.visit import Visit

STATIC = Path(__file__).parent.parent / "static"
_TEMPLATES = Path(__file__).parent.parent / "templates"
_LOCALES = {"en": "en_GB", "ur": "ur_PK", "zh": "zh_Hans_CN"}

# W3C Content Security Policy 3: own files only, as everywhere. Beyond that the offline verifier compiles its
# reader of codes (`wasm-unsafe-eval` admits WebAssembly and no text as script) and shows pictures and the
# camera from memory (`blob:`). A worker is held to the policy of its own file, so the files carry it too.
READING_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static_address
    made.filters["country_in"] = _country
    made.filters["wordbreak"] = _break_words
    made.filters["as_code"] = _as_code
    return made


@cache
def static_address(name: str) -> str:
    """Write the address of a static file with its digest, so that caches may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def render(template: str, visit: Visit, *, path: str, **context: object) -> bytes:
    """Render a page. ``path`` is its own address, for the links that change the language; empty: nowhere."""
    words = visit.catalogue
    frame: Mapping[str, object] = {
        "t": words.say,
        "lang": words.language,
        "dir": words.direction,
        "languages": LANGUAGES,
        "path": path,
        "moment": lambda at: _moment(at, words.language),
        "day": lambda on: _day(on, words.language),
        "pick": lambda text: _pick(text, words.language),
        "name_of": lambda kind, word: words.messages.get(f"{kind}.{word}", word.replace("_", " ")),
        "country": lambda code: _country(code, words.language),
    }
    return _environment().get_template(template).render(frame, **context).encode()


def _break_words(code: str) -> Markup:
    """Let a long code break after its dots and underscores on a small screen."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", code))


def _as_code(text: str) -> Markup:
    """Set what stands between two back quotes as code, which runs from the left in every language."""
    parts = text.split("`")
    whole = len(parts) % 2 == 1
    made = [
        Markup('<code dir="ltr">{}</code>').format(one) if whole and place % 2 else Markup.escape(one)
        for place, one in enumerate(parts)
    ]
    return (Markup() if whole else Markup("`")).join(made)


def _moment(at: datetime, language: str) -> str:
    clock = format_time(at, "HH:mm:ss", locale=_LOCALES[language])
    return f"{_day(at.date(), language)} {clock} UTC"


def _day(on: date, language: str) -> str:
    return format_date(on, "long", locale=_LOCALES[language])


def _pick(text: LocalText, language: str) -> tuple[str, str]:
    """Choose a text's language: the visitor's, else English, else whatever there is; (language, text)."""
    for one in (language, "en", *text):
        if one in text:
            return one, text[one]
    return language, ""


def _country(code: str, language: str) -> str:
    """Name a country of ISO 3166-1 alpha-3 in words, where the locale knows it."""
    name = name_country(code, language)
    return f"{name} ({code})" if name else code
