"""What all pages beside a gateway share: frame and style, fonts, language, and the fields of their answers."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from rahdari.web.exchange.asgi import Arrived
from rahdari.web.languages import LANGUAGES, Catalogue, catalogue, choose
from rahdari.wire.xroad import FieldLine, values_of

if TYPE_CHECKING:
    # A twentieth of a second and 4 MB, for gateways whose pages nobody opens.
    from jinja2 import Environment

STYLE_PATH: Final = b"/gateway.css"
FONTS_PATH: Final = b"/fonts/"
STYLE_FIELDS: Final[tuple[FieldLine, ...]] = ((b"content-type", b"text/css; charset=utf-8"),)
FONT_FIELDS: Final[tuple[FieldLine, ...]] = (
    (b"content-type", b"font/woff2"),
    (b"cache-control", b"max-age=86400"),
)
HTML: Final[tuple[FieldLine, ...]] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
            b"frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_FONTS: Final = frozenset(
    {"noto-sans-regular.woff2", "noto-sans-bold.woff2", "noto-nastaliq-urdu.woff2", "noto-sans-sc.woff2"}
)
_WEB: Final = Path(__file__).parent.parent


def choose_language(arrived: Arrived) -> str:
    """Choose what the reader asked for (``?lang=``), else what the browser prefers."""
    query = arrived.head.target_raw.partition(b"?")[2].decode("ascii", "replace")[:200]
    asked = parse_qs(query).get("lang", [""])[0]
    accepted = b",".join(values_of(arrived.head.fields, b"accept-language")).decode("latin-1")
    return choose(asked=asked, cookie="", accepted=accepted, otherwise="en")


def render(template: str, words: Catalogue, address: str, **context: object) -> bytes:
    """Write a page; ``address`` is its own, to which the other languages are links."""
    joint = "&" if "?" in address else "?"
    return (
        _environment()
        .get_template(template)
        .render(
            t=words.say,
            lang=words.language,
            dir=words.direction,
            languages=LANGUAGES,
            own_name=lambda language: catalogue(language).say(f"language.{language}"),
            address=lambda language: f"{address}{joint}lang={language}",
            pick=lambda texts: pick(texts, words.language),
            **context,
        )
        .encode()
    )


def pick(texts: Mapping[str, str], language: str) -> str:
    """Give a text in a language, else in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def isolated(text: str) -> str:
    """Keep text from left to right, a date or a name of code, whole within a sentence of either direction.

    Unicode Standard Annex 9, 2.7 (explicit directional isolates).
    """
    return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


@cache
def style() -> bytes:
    """Give the style sheet of all pages."""
    return (_WEB / "static" / "gateway.css").read_bytes()


@cache
def font(path: bytes) -> bytes | None:
    """Give the font at a path below ``FONTS_PATH``; None where there is none."""
    name = path[len(FONTS_PATH) :].decode("latin-1")
    return (_WEB / "static" / "fonts" / name).read_bytes() if name in _FONTS else None


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - see above

    return Environment(
        loader=FileSystemLoader(_WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
