"""One line of JSON for each request, without personal data: no address, no query, no body, no header."""

import traceback

import structlog

_LOG = structlog.get_logger("rahdari.web")


def configure() -> None:
    """Write JSON lines to the standard output, from now on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        # A line is read at once by whoever waits for it, also through a pipe.
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )


def note_serving(address: str) -> None:
    """Note where the server listens; with port 0 nobody else knows."""
    _LOG.info("serving", address=address)


def note_request(*, method: str, route: str, status: int, seconds: float, principal: str | None) -> None:
    """Note one request. ``route`` is the template (``/api/v1/cards/{number}``), never the path itself."""
    milliseconds = round(seconds * 1000, 1)
    _LOG.info(
        "request", method=method, route=route, status=status, milliseconds=milliseconds, principal=principal
    )


def note_broken(error: BaseException) -> None:
    """Note what broke here and where; the error's own words may quote what was sent, so they stay out."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    where = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    _LOG.error("broken", kind=type(error).__name__, where=where)
