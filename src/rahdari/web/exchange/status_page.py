"""The page that tells how a gateway stands, for people, in three languages; and the same for programs."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from rahdari.web.exchange.frames import isolated, render
from rahdari.web.languages import Catalogue, catalogue


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
    is_configuration_old: bool = False
    contradictions: int = 0

    def as_json(self) -> dict[str, object]:
        """Give it as JSON has it."""
        return asdict(self)


def write_page(standing: Standing, language: str) -> bytes:
    """Write the page."""
    words = catalogue(language)
    return render(
        "gateway_status.html",
        words,
        "/status",
        gateway=standing.gateway,
        is_ready=standing.is_ready,
        rows=_rows(standing, words),
        services=sorted(standing.services.items()),
    )


def _rows(standing: Standing, words: Catalogue) -> list[tuple[str, str]]:
    expires = datetime.fromtimestamp(standing.configuration_expires, UTC)
    until = "gateway.old" if standing.is_configuration_old else "gateway.until"
    if standing.is_configuration_expired:
        until = "gateway.expired"
    told = [
        (
            "gateway.configuration",
            words.say(
                until, version=standing.configuration_version, at=isolated(f"{expires:%Y-%m-%d %H:%M}Z")
            ),
        ),
        ("gateway.key", standing.key_fault or words.say("gateway.good")),
        ("gateway.log", standing.log_fault or words.say("gateway.records", count=standing.log_size)),
        ("gateway.calls", words.say("gateway.counted", count=standing.calls, faults=standing.faults)),
        ("gateway.receipts", str(standing.receipts_owed)),
    ]
    if standing.contradictions:
        told.insert(
            1, ("gateway.contradictions", words.say("gateway.contradicted", count=standing.contradictions))
        )
    return told
