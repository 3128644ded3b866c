"""The refusals of the wiring: settings, folders, sources."""

from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused


class BadSettings(Refused):
    """A setting has a value that cannot be; the sentence names it."""

    code: ClassVar[str] = "app.bad_settings"


class NotInitialised(Refused):
    """There is no authority in this folder yet."""

    code: ClassVar[str] = "app.not_initialised"


class AlreadyInitialised(Refused):
    """There is an authority in this folder already."""

    code: ClassVar[str] = "app.already_initialised"


class BadFile(Refused):
    """A file that was given is not what it should be."""

    code: ClassVar[str] = "app.bad_file"


class FileExists(Refused):
    """A file that is to be written is there already, and overwriting was not asked for."""

    code: ClassVar[str] = "app.file_exists"


class CardNotDrawable(Refused):
    """The drawing asks for what a card cannot show."""

    code: ClassVar[str] = "app.card_not_drawable"


class CardNotPrintable(Refused):
    """The card stands at a stage at which none is printed."""

    code: ClassVar[str] = "app.card_not_printable"


class FolderFailed(CounterpartFailed):
    """A file or folder could not be read or written."""

    code: ClassVar[str] = "app.folder_failed"


class RegisterBehind(CounterpartFailed):
    """The register lacks what was published of it: it was restored or rolled back."""

    code: ClassVar[str] = "app.register_behind"


class ChartFailed(CounterpartFailed):
    """A chart could not be drawn."""

    code: ClassVar[str] = "app.chart_failed"


class BadPlan(Refused):
    """The file of a roadmap's plan is not what it should be; the sentence names the place."""

    code: ClassVar[str] = "app.bad_plan"


class OutputTaken(Refused):
    """What would be written stands there already."""

    code: ClassVar[str] = "app.output_taken"


class ReportFailed(CounterpartFailed):
    """A report could not be set as PDF."""

    code: ClassVar[str] = "app.report_failed"
