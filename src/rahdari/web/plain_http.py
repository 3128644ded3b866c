"""HTTP/1.1 and nothing beside it: what the library does for other protocols could cut one request into two.

Where a client offers to go over to HTTP/2 (``curl --http2``, Java's client), the parser ends the request with its
head, and takes the body for the next one. Here the offer is passed over, as RFC 9110, 7.8 lets a server do.
"""

from typing import Final

import httptools
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# RFC 9110, 7.8: an offer stands in these two, and HTTP/2's own field belongs to it (RFC 7540, 3.2.1).
_OFFER: Final = frozenset({b"upgrade", b"http2-settings"})
_CODING: Final = b"chunked"
_LOOKED_AT: Final = frozenset({b"host", b"transfer-encoding", b"expect"})
NOT_HTTP: Final = "the request is not well-formed HTTP/1.1 (RFC 9112)"


class NotPlain(Exception):
    """A request that other programs on its way may have read differently."""


class PlainHttpProtocol(HttpToolsProtocol):
    """A connection that stays HTTP/1.1, whose trailers are no headers, and whose requests have one reading.

    Refused are a request without Host or with several (RFC 9112, 3.2), codings other than ``chunked`` (6.1), and
    CONNECT.
    """

    _is_head_over = False
    _is_set_aside = False
    _hosts = 0
    _is_coded = False

    @override
    def data_received(self, data: bytes) -> None:
        if self.parser is None:  # what still came after the connection was given up
            return  # type: ignore[unreachable]
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as paused:
            self._read_without_offers(memoryview(data)[paused.args[0] :])
        except httptools.HttpParserError as failure:
            self._refuse_failed(failure)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        # The library leaves its timer running where a client broke off: 30 s in which all of a connection is kept.
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    @override
    def on_message_begin(self) -> None:
        # Here, not at each byte: line ends between two requests do not keep a connection (RFC 9112, 2.2).
        self._unset_keepalive_if_required()
        self._is_head_over = self._is_coded = False
        self._hosts = 0
        super().on_message_begin()

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_head_over:
            # A trailer (RFC 9110, 6.5.1): what stands there was never looked at as a header by those before us.
            return
        name = name.lower()
        self.headers.append((name, value))
        if name in _LOOKED_AT:
            self._look_at(name, value)

    def _look_at(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
        elif name == b"transfer-encoding":
            self._is_coded = self._is_coded or value.strip().lower() != _CODING
        elif value.lower() == b"100-continue":
            self.expect_100_continue = True

    @override
    def on_headers_complete(self) -> None:
        if self.timeout_keep_alive_task is not None:
            # The request before was answered in the middle of this head.
            self._unset_keepalive_if_required()
        self._is_head_over = True
        if self._hosts != 1 and (self._hosts or self.parser.get_http_version() != "1.0"):
            raise NotPlain("a request names its Host once (RFC 9112, 3.2)")
        if self._is_coded:
            raise NotPlain("no coding but chunked is known here (RFC 9112, 6.1)")
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise NotPlain("nothing is tunnelled here (RFC 9110, 9.3.6)")
            self._is_set_aside = True
            return
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        # A head that was set aside ends no request: the library would take the one before it for ended.
        if not self._is_set_aside:
            super().on_message_complete()

    def _read_without_offers(self, rest: memoryview) -> None:
        """Read the same request again as if nothing had been offered; what follows its head is its body."""
        while True:
            head = self._head_without_offer()
            self._is_set_aside = False
            self.parser = httptools.HttpRequestParser(self)
            # As the library sets it: the first of two requests is answered though the second comes unasked.
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            try:
                self.parser.feed_data(head)
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as paused:
                rest = rest[paused.args[0] :]
            except httptools.HttpParserError as failure:
                self._refuse_failed(failure)
                return
            else:
                return

    def _head_without_offer(self) -> bytes:
        lines = [
            b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        ]
        for name, value in self.headers:
            if name not in _OFFER:
                lines.append(b"%b: %b" % (name, _without_offer(value) if name == b"connection" else value))
        return b"\r\n".join([*lines, b"", b""])

    def _refuse_failed(self, failure: httptools.HttpParserError) -> None:
        cause = failure.__context__
        self.send_400_response(str(cause) if isinstance(cause, NotPlain) else NOT_HTTP)


def _without_offer(connection: bytes) -> bytes:
    """Leave the rest of what Connection names; ``close`` stays ``close``."""
    names = [one.strip() for one in connection.split(b",")]
    return b", ".join(one for one in names if one.lower() not in _OFFER)
