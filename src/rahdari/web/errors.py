"""What can go wrong between a socket and a call of the house."""

from typing import ClassVar

from rahdari.kernel import Refused


def say_seconds(count: int) -> str:
    """Say a time in words: 1 second, 2 seconds."""
    return f"{count} second" if count == 1 else f"{count} seconds"


class WebRefused(Refused):
    """The request is not one that this server answers."""

    code: ClassVar[str] = "web.refused"


class BadBody(WebRefused):
    """The body of the request is not what this operation takes."""

    code: ClassVar[str] = "web.bad_body"


class BadParameter(WebRefused):
    """A parameter in the path or the query is missing or has another shape."""

    code: ClassVar[str] = "web.bad_parameter"


class TokenMissing(WebRefused):
    """The operation needs a bearer token, and none was sent."""

    code: ClassVar[str] = "web.token_missing"


class CrossSite(WebRefused):
    """What only the holder's own page may send came from somewhere else, or says nothing of where from."""

    code: ClassVar[str] = "web.cross_site"


class NotFound(WebRefused):
    """There is nothing at this address."""

    code: ClassVar[str] = "web.not_found"


class MethodNotAllowed(WebRefused):
    """The address exists and does not take this method; ``allowed`` names those that it takes."""

    code: ClassVar[str] = "web.method_not_allowed"

    def __init__(self, allowed: str) -> None:
        """Keep the methods for the ``Allow`` header (RFC 9110, 15.5.6)."""
        super().__init__(f"this address takes {allowed or 'other methods'}; see /api for what it does")
        self.allowed = allowed


class TooSlow(WebRefused):
    """The request did not come to an end within the time that one request may take."""

    code: ClassVar[str] = "web.too_slow"


class BodyTooLarge(WebRefused):
    """The body is larger than this operation takes."""

    code: ClassVar[str] = "web.body_too_large"


class WrongMediaType(WebRefused):
    """The body is of a kind that this operation does not read."""

    code: ClassVar[str] = "web.wrong_media_type"


class TooManyRequests(WebRefused):
    """The caller asked more often than one caller may; ``wait_seconds`` says when to come back."""

    code: ClassVar[str] = "web.too_many_requests"

    def __init__(self, wait_seconds: int, *, what: str = "too many requests from one caller") -> None:
        """Keep the seconds for the ``Retry-After`` header (RFC 9110, 10.2.3)."""
        super().__init__(f"{what}; come back in {say_seconds(wait_seconds)}")
        self.wait_seconds = wait_seconds


class Busy(WebRefused):
    """The server holds as much as it can; ``wait_seconds`` says when to come back."""

    code: ClassVar[str] = "web.busy"

    def __init__(self, wait_seconds: int, what: str) -> None:
        """Keep the seconds for the ``Retry-After`` header (RFC 9110, 10.2.3)."""
        super().__init__(f"{what}; come back in {say_seconds(wait_seconds)}")
        self.wait_seconds = wait_seconds


class Broken(WebRefused):
    """Something broke here. It is not the caller's fault, and nothing of the request was kept."""

    code: ClassVar[str] = "web.broken"


class PortTaken(WebRefused):
    """The address and port to listen on cannot be had."""

    code: ClassVar[str] = "web.port_taken"
