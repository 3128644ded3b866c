"""Addresses that files are fetched from: https, or this machine; and where a redirect may lead."""

import ipaddress
from contextlib import suppress
from urllib.parse import SplitResult, urljoin, urlsplit

from rahdari.trade import DownloadFailed

# RFC 1035, 2.3.4.
LABEL_CHARACTERS_MAX = 63


def require_address(address: str) -> SplitResult:
    """Take an address apart: https, or http on this machine. Raises ``DownloadFailed``."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise DownloadFailed("this is no address to fetch from") from None
    if any(len(label) > LABEL_CHARACTERS_MAX for label in (parts.hostname or "").split(".")):
        raise DownloadFailed(
            f"the address names a host with a part of more than {LABEL_CHARACTERS_MAX} characters; there is none"
        )
    if parts.username or parts.password:
        raise DownloadFailed(f"the address of {parts.hostname} holds a user name; give one without")
    if parts.scheme == "https" and parts.hostname:
        return parts
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return parts
    raise DownloadFailed(
        f"files are fetched by https, not from {parts.scheme or 'an address without scheme'}"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def next_address(address: str, location: str) -> str:
    """Tell where a redirect leads. Raises ``DownloadFailed`` where it is not followed."""
    if not location:
        raise DownloadFailed(f"{host_of(address)} redirects to nowhere")
    following = urljoin(address, location)
    before, after = urlsplit(address), require_address(following)
    # Who was promised https keeps it, and a publisher in the world never leads into this machine.
    if before.scheme == "https" and after.scheme != "https":
        raise DownloadFailed(f"{host_of(address)} redirects away from https; this is not followed")
    return following


def host_of(address: str) -> str:
    """Name the host, for a sentence."""
    return urlsplit(address).hostname or "the publisher"
