"""Download published morphologies, checked by hash."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from dendmod.atomic import replacing
from dendmod.errors import DownloadError, did_you_mean
from dendmod.paths import cache_dir


@dataclass(frozen=True)
class Download:
    """Where a file lies and what it must be."""

    url: str
    sha256: str
    suffix: str
    source: str


DOWNLOADS = {
    "hay2011": Download(
        url="https://raw.githubusercontent.com/ModelDBRepository/139653/master/morphologies/cell1.asc",
        sha256="293d0aa92af8d03dbdcc40a711ba3923522615c3a65df485906538a1de986e23",
        suffix=".asc",
        source="Hay et al. 2011, ModelDB 139653, cell 1",
    ),
}
_SILENT = 30.0  # s without a byte after which a server is given up
_WHOLE = 900.0  # s after which a transfer is
_LARGEST = 1 << 30  # bytes of one file
_PIECE = 1 << 16


def fetch(name: str, *, url: str | None = None, from_file: Path | None = None) -> Path:
    """Put a published morphology into the cache and return its path.

    Raises
    ------
    DownloadError
        If the name is not known, it cannot be fetched, or it is not the published file.
    """
    if name not in DOWNLOADS:
        raise DownloadError(f"there is no download {name!r}." + did_you_mean(name, DOWNLOADS))
    wanted = DOWNLOADS[name]
    target = cache_dir() / "morphologies" / f"{name}{wanted.suffix}"
    by_hand = f"run `dendmod morphology get {name} --from-file PATH`"
    return get_file(wanted, target, by_hand=by_hand, url=url, from_file=from_file)


def get_file(
    wanted: Download, target: Path, *, by_hand: str, url: str | None = None,
    from_file: Path | None = None,
) -> Path:  # fmt: skip
    """Put a published file where it is kept, if it is not there, and return that place.

    Parameters
    ----------
    wanted
        Where it lies and what it must be.
    target
        Where it is kept.
    by_hand
        What a user can do who has the file already, for messages.
    url
        Another address.
    from_file
        A copy on this machine, which is judged even where the right file is kept already.

    Raises
    ------
    DownloadError
        If it cannot be fetched or kept, or it is not the published file.
    """
    if from_file is None and target.is_file() and _sha256(target.read_bytes()) == wanted.sha256:
        return target
    raw, origin = _raw(wanted, url, from_file, by_hand)
    if _sha256(raw) != wanted.sha256:
        raise DownloadError(
            f"{origin} is not {wanted.source}: sha256 {_sha256(raw)[:12]}... was given, "
            f"{wanted.sha256[:12]}... is expected. Nothing was kept; get the published file by "
            f"hand and {by_hand}"
        )
    try:
        with replacing(target) as partial:
            partial.write_bytes(raw)
    except OSError as error:
        raise DownloadError(
            f"{target.name} could not be kept in {target.parent}: {error.strerror}. Make room, or "
            "set DENDMOD_CACHE to a folder that can be written"
        ) from None
    return target


def _raw(
    wanted: Download, url: str | None, from_file: Path | None, by_hand: str
) -> tuple[bytes, str]:
    if from_file is not None:
        try:
            return from_file.read_bytes(), str(from_file)
        except OSError as error:
            raise DownloadError(f"{from_file} cannot be read: {error}") from None
    address = url or wanted.url
    try:
        return _transferred(address), address
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise DownloadError(
            f"{address} could not be fetched: {error}. Are you offline? Get the file "
            f"({wanted.source}) by hand and {by_hand}"
        ) from None


def _transferred(address: str) -> bytes:
    """Return what an address gives; neither a slow nor an endless answer is waited for."""
    begun, raw = time.monotonic(), bytearray()
    with urllib.request.urlopen(address, timeout=_SILENT) as answer:
        while piece := answer.read1(_PIECE):
            raw += piece
            if time.monotonic() - begun > _WHOLE:
                raise TimeoutError(f"{len(raw)} bytes came within {_WHOLE:g} s, and no end")
            if len(raw) > _LARGEST:
                raise OSError(f"it is larger than {_LARGEST} bytes")
        if getattr(answer, "length", None):  # what was announced and did not come
            raise http.client.IncompleteRead(bytes(raw), answer.length)
    return bytes(raw)


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
