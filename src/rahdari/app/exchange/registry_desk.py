"""What a registry's server does beside answering: it publishes whatever is due."""

import asyncio
from typing import Final

import structlog

from rahdari.app.exchange.registry import Registry
from rahdari.kernel import Problem

# How soon an act of another process is published, and a configuration that is due is signed.
PAUSE_SECONDS: Final = 1.0

_LOG = structlog.get_logger("rahdari.exchange.registry")


async def keep_publishing(registry: Registry) -> None:
    """Sign the configuration whenever that is due, until cancelled; so that it never expires meanwhile."""
    told = ""
    while True:
        try:
            if await asyncio.to_thread(registry.is_publication_due):
                version = await asyncio.to_thread(registry.publish)
                _LOG.info("configuration_published", version=version)
            told = ""
        except Problem as problem:
            # A full disk or a damaged journal is for people to mend; what was published is still served.
            if problem.message != told:
                told = problem.message
                _LOG.error("configuration_not_published", why=told)
        await asyncio.sleep(PAUSE_SECONDS)
