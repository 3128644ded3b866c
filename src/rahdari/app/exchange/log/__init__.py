"""A gateway's evidence log in a folder: tamper-evident (RFC 6962), durable before it says so, readable by all.

Records become durable in batches in a journal, then tiles and entry bundles (c2sp.org/tlog-tiles) under a
checkpoint signed once a second. Their particulars are kept sealed beside the log, an hour a file, and can be
erased.
"""

from rahdari.app.exchange.log.checkpoints import Checkpoints, Kept, LogName, LogSigners
from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.finding import RequestOf
from rahdari.app.exchange.log.gathering import Pace
from rahdari.app.exchange.log.reading import LogReader
from rahdari.app.exchange.log.writing import EvidenceLogFiles, LogSecrets, LogStanding

__all__ = [
    "Checkpoints",
    "Disk",
    "EvidenceLogFiles",
    "Kept",
    "LogName",
    "LogReader",
    "LogSecrets",
    "LogSigners",
    "LogStanding",
    "Pace",
    "RequestOf",
]
