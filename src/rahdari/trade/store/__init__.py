"""Where the room keeps its flows: Parquet files of whole numbers, and engines that sum them by plain SQL."""

from rahdari.trade.store.book import SqlFlowBook, check_rows, open_book
from rahdari.trade.store.cache import Release, Told, write_cache
from rahdari.trade.store.engines import DuckDbEngine, Engine, SparkEngine
from rahdari.trade.store.note import Note, YearNote, read_note

__all__ = [
    "DuckDbEngine",
    "Engine",
    "Note",
    "Release",
    "SparkEngine",
    "SqlFlowBook",
    "Told",
    "YearNote",
    "check_rows",
    "open_book",
    "read_note",
    "write_cache",
]
