"""What only a command line can refuse."""

from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused


class BadUsage(Refused):
    """The command was written wrongly: an unknown option, a missing word, two that exclude each other."""

    code: ClassVar[str] = "cli.bad_usage"


class InputTooLarge(Refused):
    """The input has more bytes than any pass or picture of one."""

    code: ClassVar[str] = "cli.input_too_large"


class BadProductFile(Refused):
    """A product's data file has faults; ``faults`` lists each."""

    code: ClassVar[str] = "cli.bad_product_file"

    def __init__(self, faults: tuple[str, ...], message: str) -> None:
        """Keep every fault."""
        super().__init__(message)
        self.faults = faults


class NothingWaits(Refused):
    """No application waits to be issued."""

    code: ClassVar[str] = "cli.nothing_waits"


class OtherDemo(Refused):
    """The folder holds a demonstration that was begun with other options."""

    code: ClassVar[str] = "cli.other_demo"


class PortTaken(CounterpartFailed):
    """Another program listens on the port."""

    code: ClassVar[str] = "cli.port_taken"


class ServerFailed(CounterpartFailed):
    """The server that was started did not become ready, or answered otherwise than told."""

    code: ClassVar[str] = "cli.server_failed"


class NotAsTold(CounterpartFailed):
    """A step of the demonstration ended otherwise than it must."""

    code: ClassVar[str] = "cli.not_as_told"
