"""Where the room keeps its flows: Parquet files of whole numbers, and engines that sum them by plain SQL."""

from rahdari.trade.store.book import SqlFlowBook, check_rows, open_book
from rahdari.trade.store.cache import Release, Told, replaced_folder, restore_cache, write_cache
from rahdari.trade.store.engines import DuckDbEngine, Engine, SparkEngine
from rahdari.trade.store.foreign import Kind, read_foreign
from rahdari.trade.store.note import NAME as NOTE_NAME
from rahdari.trade.store.note import FileChecks, Note, YearNote, read_note

__all__ = [
    "NOTE_NAME",
    "DuckDbEngine",
    "Engine",
    "FileChecks",
    "Kind",
    "Note",
    "Release",
    "SparkEngine",
    "SqlFlowBook",
    "Told",
    "YearNote",
    "check_rows",
    "open_book",
    "read_foreign",
    "read_note",
    "replaced_folder",
    "restore_cache",
    "write_cache",
]
