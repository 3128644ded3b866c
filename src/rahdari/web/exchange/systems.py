"""Calls of the member's own systems: pooled, limited, and cut off where they keep failing."""

import math
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from rahdari.app.exchange.upstream import Late, Place, Pool, Reply, Sending, UpstreamFailed
from rahdari.exchange import Admitted, Breaker, CallRefused, Service, provider_fault
from rahdari.web.exchange.bodies import Body
from rahdari.wire.xroad import Fault, ServiceId


class Systems:
    """Sends admitted calls on to the systems behind this gateway."""

    def __init__(self, tick: Callable[[], float]) -> None:
        """Connect when first asked; ``tick`` gives seconds that never go back."""
        self._tick = tick
        self._pools: dict[str, tuple[Pool, bytes]] = {}
        self._breakers: dict[ServiceId, Breaker] = {}
        self._under_way: dict[ServiceId, int] = {}

    async def ask(self, admitted: Admitted, body: Body) -> Reply:
        """Send a call and wait for the head of the answer.

        Raises:
            CallRefused: too many are under way, the system kept failing and is left alone for a while, or it gave
                no answer.
        """
        service = admitted.service
        breaker = self._breakers.setdefault(service.id, Breaker())
        self._enter(service, breaker)
        try:
            reply = await self._send(admitted, body)
        except UpstreamFailed as failure:
            self.leave(service, is_whole=False)
            raise _refused(service, failure) from None
        except BaseException:
            self.leave(service)
            raise
        return reply

    def leave(self, service: Service, *, is_whole: bool | None = None) -> None:
        """Count a call as over; whoever got a reply says whether it came whole (None: nobody waited for that)."""
        self._under_way[service.id] -= 1
        breaker = self._breakers[service.id]
        if is_whole:
            breaker.succeed()
        elif is_whole is None:
            breaker.give_up()
        else:
            breaker.fail(self._tick())

    def states(self) -> dict[str, str]:
        """Tell which systems are left alone, by service."""
        tick = self._tick()
        return {str(service): breaker.state(tick).value for service, breaker in self._breakers.items()}

    def close(self) -> None:
        """Close what is idle."""
        for pool, _ in self._pools.values():
            pool.close()

    def _enter(self, service: Service, breaker: Breaker) -> None:
        busy = self._under_way.get(service.id, 0)
        if busy >= service.concurrent_max:
            raise CallRefused(
                provider_fault(Fault.SERVICE_FAILED),
                f"{service.id} answers {busy} calls already; try again",
                status=503,
                retry_after=1,
            )
        wait = breaker.admit(self._tick())
        if wait > 0.0:
            raise CallRefused(
                provider_fault(Fault.SERVICE_FAILED, Fault.NETWORK_ERROR),
                f"{service.id} did not answer several times and is left alone for a while",
                status=503,
                retry_after=max(1, math.ceil(wait)),
            )
        self._under_way[service.id] = busy + 1

    async def _send(self, admitted: Admitted, body: Body) -> Reply:
        service, call = admitted.service, admitted.asked.call
        pool, prefix = self._pool(service.base_url)
        target = prefix + call.forwarded.encode("ascii")
        if not target.startswith(b"/"):
            target = b"/" + target
        return await pool.send(
            Sending(
                admitted.asked.head.method,
                target,
                admitted.forwarded,
                body.facts.size,
                body.held,
                body.parts(),
                service.timeout_seconds,
            )
        )

    def _pool(self, base_url: str) -> tuple[Pool, bytes]:
        known = self._pools.get(base_url)
        if known is None:
            split = urlsplit(base_url)
            tls = ssl.create_default_context() if split.scheme == "https" else None
            port = split.port or (443 if tls else 80)
            place = Place(split.hostname or "", port, split.netloc.encode("ascii"), tls)
            known = self._pools[base_url] = (Pool(place), split.path.encode("ascii"))
        return known


def _refused(service: Service, failure: UpstreamFailed) -> CallRefused:
    late = isinstance(failure, Late)
    what = (
        f"gave no answer in {service.timeout_seconds:g} s"
        if late
        else f"was not to be had: {failure.message}"
    )
    return CallRefused(
        provider_fault(Fault.SERVICE_FAILED, *failure.faults), f"the system behind {service.id} {what}"
    )
