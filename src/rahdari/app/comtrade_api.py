"""The API of UN Comtrade: one question an answer, as slowly as it asks to be asked, the key in no log."""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from rahdari.app.trade_countries import read_territories
from rahdari.trade import BadParameter, DownloadFailed
from rahdari.wire import comtrade
from rahdari.wire.comtrade import Side
from rahdari.wire.csv_rows import BYTES_MAX
from rahdari.wire.errors import MalformedInput
from rahdari.wire.flow_table import COUNTRY_NUMBER_MAX, YEAR_MAX, YEAR_MIN

if TYPE_CHECKING:
    import httpx

COMTRADE_ADDRESS = "https://comtradeapi.un.org/"
# What one answer holds at most: with a key, and without.
ROWS_WITH_KEY = 250_000
ROWS_WITHOUT_KEY = 500
# The publisher refuses longer addresses than 4096 characters; the other parameters take up to 400.
LIST_CHARACTERS_MAX = 3_500
# Large answers are made while one waits.
TIMEOUT_SECONDS = 120.0
ATTEMPTS_MAX = 5
# "Try again in 2 seconds" is usual; who is told to wait for longer than this should come back another day.
WAIT_SECONDS_MAX = 120
_WAIT = re.compile(r"\d{1,6}", re.ASCII)
_TOLD_WAIT = re.compile(rb"in (\d{1,6}) second", re.IGNORECASE)
_PRODUCTS = re.compile(r"AG6|\d{6}(,\d{6})*", re.ASCII)
# A subscription key has 32 hexadecimal digits; signs that could break a header are never sent.
_KEY = re.compile(r"[A-Za-z0-9-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask: what one reporter said of one year, on one side of the border.

    ``partners`` are numbers of territories, none for all; ``products`` are six digits each, by commas, or ``AG6``
    for all of that level. ``classification`` is ``HS`` for as reported, or ``H0`` to ``H6``.
    """

    reporter: int
    year: int
    side: Side
    partners: tuple[int, ...] = ()
    products: str = "AG6"
    classification: str = "HS"

    def __post_init__(self) -> None:
        """Check what becomes part of an address. Raises ``BadParameter``."""
        if not (0 < self.reporter <= COUNTRY_NUMBER_MAX and YEAR_MIN <= self.year <= YEAR_MAX):
            raise BadParameter(f"a reporter {self.reporter} or a year {self.year} that cannot be")
        if not re.fullmatch(r"HS|H[0-6]", self.classification):
            raise BadParameter(f"a classification is HS or H0 to H6, not {self.classification!r}")
        if not _PRODUCTS.fullmatch(self.products):
            raise BadParameter("products are six digits each, by commas, or AG6 for all")
        if len(self.products) + len(self._partner_list) > LIST_CHARACTERS_MAX:
            raise BadParameter("too many products or partners for one question; ask several")

    @property
    def _partner_list(self) -> str:
        return ",".join(map(str, self.partners))

    @property
    def digest(self) -> str:
        """Give a short name that no other question has."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    def parameters(self, rows_max: int) -> dict[str, str]:
        """Give the parameters of the API: only rows that stand for a whole flow."""
        asked = {
            "reporterCode": str(self.reporter),
            "period": str(self.year),
            "flowCode": self.side.value,
            "cmdCode": self.products,
            "customsCode": "C00",
            "motCode": "0",
            "partner2Code": "0",
            "maxRecords": str(rows_max),
            "includeDesc": "true",
        }
        return asked | ({"partnerCode": self._partner_list} if self.partners else {})

    def halves(self) -> tuple["Question", "Question"]:
        """Ask for half of the partners each. Raises ``DownloadFailed`` where there is but one."""
        partners = self.partners or tuple(sorted(read_territories().numbering.countries))
        if len(partners) < 2:
            raise DownloadFailed(
                f"the trade of {self.reporter} with {partners[0]} in {self.year} has more rows than one answer "
                "holds; ask for fewer products, or get a key (setting comtrade_key)"
            )
        middle = len(partners) // 2
        return replace(self, partners=partners[:middle]), replace(self, partners=partners[middle:])


class ComtradeApi:
    """Asks the API. A context, for it keeps a connection."""

    def __init__(
        self,
        key: str = "",
        *,
        address: str = COMTRADE_ADDRESS,
        client: "httpx.Client | None" = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask with ``key`` (setting ``comtrade_key``), or without one for the first 500 rows of each answer.

        Raises:
            BadParameter: the key has signs that no key has.
        """
        # Costs every command a tenth of a second where it is imported with the module.
        import httpx  # noqa: PLC0415

        if key and not _KEY.fullmatch(key):
            raise BadParameter("the setting comtrade_key is no key: letters, digits and hyphens")
        self._failures = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
        # In a header, never in the address: addresses are written into logs, here and on the way.
        self._headers = {"Ocp-Apim-Subscription-Key": key} if key else {}
        self._way = "data/v1/get/C/A/" if key else "public/v1/preview/C/A/"
        self._rows_max = ROWS_WITH_KEY if key else ROWS_WITHOUT_KEY
        self._address = address
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._pause = pause

    @override
    def __repr__(self) -> str:
        """Tell where it asks, and nothing of the key."""
        return f"ComtradeApi({self._address!r})"

    def __enter__(self) -> Self:
        """Begin; nothing is connected yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._client.close()

    def ask(self, question: Question) -> bytes | None:
        """Give the answer as it came; None where it is as long as an answer can be, and so may be cut.

        Raises:
            DownloadFailed: no answer, no Comtrade answer, a refused key, or waits without end.
        """
        for _ in range(ATTEMPTS_MAX):
            status, raw, wait = self._get(question)
            if status == HTTPStatus.OK:
                return self._whole(raw)
            if status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
                raise DownloadFailed(_refusal(status))
            if wait > WAIT_SECONDS_MAX:
                raise DownloadFailed(
                    f"UN Comtrade asks to wait for {wait} seconds; the day's questions are used up, try again then"
                )
            self._pause(float(wait))
        raise DownloadFailed(f"UN Comtrade asked to wait {ATTEMPTS_MAX} times in a row; try again later")

    def _get(self, question: Question) -> tuple[int, bytes, int]:
        address = f"{self._address}{self._way}{question.classification}"
        parameters = question.parameters(self._rows_max)
        try:
            with self._client.stream("GET", address, params=parameters, headers=self._headers) as response:
                raw = _limited(response)
                return response.status_code, raw, _wait(response.headers.get("retry-after", ""), raw)
        except self._failures as error:
            raise DownloadFailed(
                f"UN Comtrade cannot be reached or broke off ({type(error).__name__}); run it again, "
                "what was answered is kept"
            ) from None

    def _whole(self, raw: bytes) -> bytes | None:
        try:
            count = comtrade.count_json(raw)
        except MalformedInput as wrong:
            raise DownloadFailed(f"UN Comtrade: {wrong.message}") from None
        return None if count >= self._rows_max else raw


def _limited(response: "httpx.Response") -> bytes:
    taken = bytearray()
    # Unpacked pieces are counted: an answer in gzip is a small file that can become a large one.
    for piece in response.iter_bytes():
        taken += piece
        if len(taken) > BYTES_MAX:
            raise DownloadFailed(f"UN Comtrade sends more than {BYTES_MAX} bytes; ask for less at once")
    return bytes(taken)


def _wait(told: str, raw: bytes) -> int:
    """Read for how long to wait (RFC 9110, 10.2.3, in seconds; else what the message says; else a little)."""
    if _WAIT.fullmatch(told.strip()):
        return int(told)
    found = _TOLD_WAIT.search(raw[:4096])
    return int(found[1]) if found else 5


def _refusal(status: int) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return (
            f"UN Comtrade answered {status}: the key is not accepted, or its questions are used up; look at the "
            "setting comtrade_key and at your account"
        )
    return f"UN Comtrade answered {status}; is the year published, and the reporter's number Comtrade's own?"
