"""The command line: one module a command group. It calls the same house as the web does.

Example:
    >>> from rahdari.cli import run
    >>> run(["--version"])
    0.1.0
    0
"""

from rahdari.cli.program import describe_commands, main, run

__all__ = ["describe_commands", "main", "run"]
