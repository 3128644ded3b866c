"""Refusals of the peer side, in X-Road's errors."""

from rahdari.exchange import CallRefused, provider_fault
from rahdari.kernel import Refused
from rahdari.wire.xroad import Fault


def as_call_refused(failure: Refused) -> CallRefused:
    """Give a refusal as one that callers are told by X-Road's errors."""
    if isinstance(failure, CallRefused):
        return failure
    return CallRefused(provider_fault(Fault.BAD_REQUEST), failure.message, status=400)


def unrecorded() -> CallRefused:
    """What cannot be recorded is not exchanged."""
    return CallRefused(
        provider_fault(Fault.LOGGING_FAILED),
        "the provider's log cannot be written, and nothing is exchanged that cannot be recorded",
    )


def cut_off() -> CallRefused:
    """The gateway ends, and waited for its system as long as it waits for any."""
    return CallRefused(
        provider_fault(Fault.SERVICE_FAILED, Fault.NETWORK_ERROR),
        "the provider's gateway ended before its system had answered",
    )


def no_room() -> CallRefused:
    """A body that memory and disk have no place for."""
    return CallRefused(
        provider_fault(Fault.IO_ERROR), "the gateway has no room for the body; try again later"
    )
