"""A release of BACI: fetched from its publisher or a mirror, or taken from the disk, then read into the cache."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rahdari.app.download_parts import sha256_of
from rahdari.app.downloads import Downloads, Wanted
from rahdari.app.errors import FolderFailed
from rahdari.app.trade_data import Expected, Imported, Progress, import_baci
from rahdari.trade import BadParameter, BadTradeFile, DataMissing, Revision

# CEPII puts a zip for each revision of the Harmonized System here; a release is called by its year and month.
BACI_PUBLISHER = "https://www.cepii.fr/DATA_DOWNLOAD/baci/data/"
BACI_RELEASE = "202601"
# Zips that are being fetched lie beside the caches.
DOWNLOADS_FOLDER = "downloads"
_RELEASE = re.compile(r"20\d{2}(0[1-9]|1[0-2])", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.zip", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaciSource:
    """Which release from where; empty: HS92 of ``BACI_RELEASE``, or what the named zip turns out to be.

    ``publisher`` is an address that ends in ``/`` (the release's usual name is put behind it) or in ``.zip``;
    ``sha256`` is what the zip's digest should be, where somebody who is trusted has told it: CEPII publishes none.
    ``is_kept`` keeps the zip when it has been read.
    """

    revision: Revision | None = None
    release: str = ""
    publisher: str = BACI_PUBLISHER
    sha256: str = ""
    is_kept: bool = False

    def __post_init__(self) -> None:
        """Check what becomes part of an address. Raises ``BadParameter``."""
        if self.release and not _RELEASE.fullmatch(self.release):
            raise BadParameter(
                f"a release of BACI is a year and a month, as {BACI_RELEASE}; not {self.release!r}"
            )
        if not self.publisher.endswith((".zip", "/")):
            raise BadParameter("the address of a publisher ends in / or names a .zip")
        if not _NAME.fullmatch(self.file_name):
            raise BadParameter("the name of the zip is of letters, digits, points, hyphens and underscores")

    @property
    def file_name(self) -> str:
        """Give the name of the zip."""
        usual = f"BACI_{self.revision or Revision.HS92}_V{self.release or BACI_RELEASE}.zip"
        return self.publisher.rsplit("/", 1)[-1] if self.publisher.endswith(".zip") else usual

    @property
    def expected(self) -> Expected:
        """Tell what the zip must turn out to be: what was asked for, in whatever file a mirror keeps it."""
        if self.publisher.endswith(".zip"):
            return Expected(revision=self.revision, release=self.release, sha256=self.sha256)
        return Expected(
            revision=self.revision or Revision.HS92,
            release=self.release or BACI_RELEASE,
            sha256=self.sha256,
        )

    @property
    def address(self) -> str:
        """Give the address of the zip."""
        return self.publisher if self.publisher.endswith(".zip") else self.publisher + self.file_name


def pull_baci(
    source: BaciSource | Path,
    folder: Path,
    *,
    bad_rows_max: int = 0,
    progress: Progress | None = None,
    expected: Expected | None = None,
    open_downloads: Callable[[], Downloads] = Downloads,
) -> Imported:
    """Get a release into the cache below ``folder``: a file or folder on the disk, or one that is fetched first.

    An earlier attempt that broke off is gone on with. The zip is thrown away when it has been read, or is no
    release; where only the disk refused, it stays, so that nobody fetches it twice.

    Args:
        source: what to fetch, or where the zip (or the folder of its files) lies.
        folder: where releases lie, one folder each.
        bad_rows_max: so many rows may be bad; see ``import_baci``.
        progress: told file names with bytes done and bytes in all (0: nobody said).
        expected: what a file on the disk must turn out to be; of a fetched one ``source`` tells it.
        open_downloads: makes what fetches.

    Raises:
        DownloadFailed: the publisher could not be reached, broke off, or sent something else.
        BadTradeFile: what came is no release of BACI.
        MixedRevisions: its files are of several revisions or releases.
        DataMissing: there is no such file here.
        FolderFailed: the disk refused.
    """
    if isinstance(source, Path):
        if not source.exists():
            raise DataMissing(f"there is no {source}; give the zip of a release, or pull it")
        return import_baci(source, folder, bad_rows_max=bad_rows_max, progress=progress, expected=expected)
    target = folder / DOWNLOADS_FOLDER / source.file_name
    digest = _digest_here(source, target)
    if not digest:
        with open_downloads() as downloads:
            digest = downloads.fetch(Wanted(source.address, source.sha256), target, told=progress).sha256
    try:
        imported = import_baci(
            target,
            folder,
            bad_rows_max=bad_rows_max,
            progress=progress,
            digest=digest,
            expected=source.expected,
        )
    except BadTradeFile:
        _throw_away(target)
        raise
    if not source.is_kept:
        _throw_away(target)
    return imported


def _digest_here(source: BaciSource, target: Path) -> str:
    """Give the digest of a zip that was kept: only whole files have their name. Empty where it must be fetched."""
    digest = sha256_of(target) if target.is_file() else ""
    return digest if source.sha256 in {"", digest} else ""


def _throw_away(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FolderFailed(
            f"cannot delete {path.name}: {error.strerror}; the release itself is read"
        ) from None
