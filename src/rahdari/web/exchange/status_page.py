"""The page that tells how a gateway stands, for people, in three languages; and the same for programs."""

import html
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

from rahdari.web.exchange.asgi import Arrived
from rahdari.web.languages import LANGUAGES, Catalogue, catalogue, choose
from rahdari.wire.xroad import values_of

STYLE: Final = b"""body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 1rem auto; }
body { padding: 0 1rem; }
h1 { font-size: 1.4rem; } .good { color: #0a5f2c; } .bad { color: #a3123a; font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(8rem, 1fr) 2fr; gap: .25rem 1rem; } dt { color: #444; }
dd { margin: 0; overflow-wrap: anywhere; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; padding: .25rem .5rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } dt { color: #bbb; }
.good { color: #7fd6a0; } .bad { color: #ff9db3; } a { color: #9cc7ff; } }
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a gateway stands now. ``services`` tells of each whether it is left alone after failures."""

    gateway: str
    is_ready: bool
    configuration_version: int
    configuration_expires: int
    is_configuration_expired: bool
    key_fault: str
    log_size: int
    log_published: int
    is_log_writable: bool
    log_fault: str
    receipts_owed: int
    services: dict[str, str]
    calls: int
    faults: int

    def as_json(self) -> dict[str, object]:
        """Give it as JSON has it."""
        return asdict(self)


def choose_language(arrived: Arrived) -> str:
    """Choose what the reader asked for (``?lang=``), else what the browser prefers."""
    query = arrived.head.target_raw.partition(b"?")[2].decode("ascii", "replace")[:200]
    asked = parse_qs(query).get("lang", [""])[0]
    accepted = b",".join(values_of(arrived.head.fields, b"accept-language")).decode("latin-1")
    return choose(asked=asked, cookie="", accepted=accepted, otherwise="en")


def write_page(standing: Standing, language: str) -> bytes:
    """Write the page."""
    words = catalogue(language)
    title = html.escape(words.say("gateway.title", gateway=standing.gateway))
    state = words.say("gateway.ready" if standing.is_ready else "gateway.not_ready")
    mood = "good" if standing.is_ready else "bad"
    others = " ".join(_link(one, words) for one in LANGUAGES if one != language)
    rows = "".join(
        f"<dt>{html.escape(words.say(name))}</dt><dd>{html.escape(value)}</dd>"
        for name, value in _rows(standing, words)
    )
    page = (
        f'<!doctype html><html lang="{language}" dir="{words.direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f'<link rel="stylesheet" href="/status.css"></head><body><nav>{others}</nav><main><h1>{title}</h1>'
        f'<p role="status" class="{mood}">{html.escape(state)}</p><dl>{rows}</dl>'
        f"{_services(standing, words)}</main></body></html>\n"
    )
    return page.encode("utf-8")


def _link(language: str, words: Catalogue) -> str:
    name = html.escape(words.say(f"language.{language}"))
    return f'<a href="/status?lang={language}" hreflang="{language}">{name}</a>'


def _rows(standing: Standing, words: Catalogue) -> list[tuple[str, str]]:
    expires = datetime.fromtimestamp(standing.configuration_expires, UTC)
    until = "gateway.expired" if standing.is_configuration_expired else "gateway.until"
    return [
        (
            "gateway.configuration",
            words.say(until, version=standing.configuration_version, at=f"{expires:%Y-%m-%d %H:%M}Z"),
        ),
        ("gateway.key", standing.key_fault or words.say("gateway.good")),
        ("gateway.log", standing.log_fault or words.say("gateway.records", count=standing.log_size)),
        ("gateway.calls", words.say("gateway.counted", count=standing.calls, faults=standing.faults)),
        ("gateway.receipts", str(standing.receipts_owed)),
    ]


def _services(standing: Standing, words: Catalogue) -> str:
    if not standing.services:
        return f"<p>{html.escape(words.say('gateway.no_services'))}</p>"
    heads = "".join(
        f'<th scope="col">{html.escape(words.say(one))}</th>' for one in ("gateway.service", "gateway.state")
    )
    rows = "".join(
        f'<tr><th scope="row"><bdi>{html.escape(service)}</bdi></th>'
        f"<td>{html.escape(words.say(f'gateway.circuit.{state}'))}</td></tr>"
        for service, state in sorted(standing.services.items())
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
