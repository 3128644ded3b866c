"""How much one request may bring, and how often one caller may come."""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable

# A pass has at most 65,536 characters, a holder a few kilobytes and a portrait of 150 KB in base64.
JSON_BYTES_MAX = 256 * 1024
# An authenticator's answer has at most 16,384 characters; a form of the holder's page a few dozen.
ANSWER_BYTES_MAX = 24 * 1024
# What wire.qr takes, and the multipart frame around it.
PICTURE_BYTES_MAX = 10 * 1024 * 1024
FORM_BYTES_MAX = PICTURE_BYTES_MAX + 128 * 1024
# What app.holder_files takes.
CSV_BYTES_MAX = 64 * 1024 * 1024
# Two imports, or a dozen pictures, at once; a body is held twice for a moment when it is complete.
BODIES_BYTES_MAX = 128 * 1024 * 1024
# Four pictures at once of those who show no token: what they send never keeps an officer's request out.
STRANGERS_BODIES_BYTES_MAX = 48 * 1024 * 1024
BODIES_WAIT_SECONDS = 5
# An import of 100,000 rows takes some 30 s; a body from a stranger has far less (web.arriving).
REQUEST_SECONDS_MAX = 120.0
# 65,536 callers cost some 10 MB. A caller that is forgotten begins anew with a full bucket: that errs on the
# side of letting people in, and costs whoever wants it 65,536 addresses.
CALLERS_MAX = 65_536


# How many documents of the status stream one address may fetch for each request it may make otherwise.
FETCHES_A_REQUEST = 20
# How many requests one address may make for each passkey ceremony it may begin: 20 a minute of 120 requests.
REQUESTS_A_CEREMONY = 6
# How many addresses' ceremonies one IPv6 site may begin: 320 a minute, so that it keeps some 1,600 of the 100,000
# that there may be (access.values). A site has 65,536 /64s, and each would count as an address of its own.
ADDRESSES_A_SITE = 16


class Buckets:
    """A token bucket for each caller: ``per_minute`` at once, refilled evenly."""

    def __init__(self, per_minute: int, tick: Callable[[], float], *, callers_max: int = CALLERS_MAX) -> None:
        """Begin with no callers; ``tick`` gives seconds that never go back."""
        self._capacity = float(per_minute)
        self._rate = per_minute / 60
        self._tick = tick
        self._callers_max = callers_max
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """Count the callers that are remembered."""
        return len(self._levels)

    def wait(self, caller: str) -> int:
        """Tell the whole seconds until there is a token: 0 if there is one. Takes none."""
        level = self._level(caller, self._tick())
        return 0 if level >= 1 else max(1, math.ceil((1 - level) / self._rate))

    def take(self, caller: str) -> int:
        """Take one token: 0 if there was one, else the whole seconds until there is."""
        if seconds := self.wait(caller):
            return seconds
        now = self._tick()
        self._levels[caller] = (self._level(caller, now) - 1, now)
        self._levels.move_to_end(caller)
        if len(self._levels) > self._callers_max:
            self._levels.popitem(last=False)
        return 0

    def _level(self, caller: str, now: float) -> float:
        level, since = self._levels.get(caller, (self._capacity, now))
        return min(self._capacity, level + (now - since) * self._rate)


class Bodies:
    """Counts the bytes of all bodies that are held at this moment."""

    def __init__(self, bytes_max: int = BODIES_BYTES_MAX) -> None:
        """Begin with none."""
        self._bytes_max = bytes_max
        self.held = 0

    def take(self, size: int) -> bool:
        """Count ``size`` bytes more; False, and nothing counted, if there is no room for them."""
        if self.held + size > self._bytes_max:
            return False
        self.held += size
        return True

    def give_back(self, size: int) -> None:
        """Count ``size`` bytes less."""
        self.held -= size


def name_address(host: str) -> str:
    """Name the caller behind an address: IPv4 by address, IPv6 by its /64, which is one subscriber's."""
    return _name(host, 64)


def name_site(host: str) -> str:
    """Name the site behind an address: IPv6 by its /48, the most that one site is given (RFC 6177, 2)."""
    return _name(host, 48)


def _name(host: str, prefix: int) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "address:unknown"
    if address.version == 6:
        return f"address:{ipaddress.ip_network((address, prefix), strict=False)}"
    return f"address:{address}"
