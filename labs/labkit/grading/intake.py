"""Files as they come in: a folder, a zip, or what was dropped on the console. Nothing is unpacked to disk."""

import io
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from labkit.submission import LARGEST

MOST_FILES = 5_000
LARGEST_ZIP = 200_000_000
LARGEST_CLASS = 400_000_000  # bytes of all submissions together, unpacked


class IntakeError(ValueError):
    """A place without anything to grade, with the reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file: its content, or why it was not read."""

    name: str
    content: bytes = b""
    problem: str = ""


def from_path(path: Path) -> list[Incoming]:
    """Every file of a folder or a zip, or one file alone, in the order of their names.

    Raises
    ------
    IntakeError : there is no such place, or it can't be read
    """
    try:
        if path.is_dir():
            return from_files(_walk(path))
        if path.is_file():
            return from_files([(path.name, _read(path))])
    except OSError as error:
        raise IntakeError(f"{error.filename or path} can't be read: {error.strerror or error}") from error
    raise IntakeError(f"{path} is not there: name a folder of submissions, a zip, or one file")


def from_files(files: Iterable[tuple[str, bytes | str]]) -> list[Incoming]:
    """What came in, zips opened; a text in place of the content says why a file was not read."""
    found: list[Incoming] = []
    total = 0
    for name, content in files:
        if isinstance(content, str):
            found.append(Incoming(label(name), problem=content))
        elif name.lower().endswith(".zip"):
            found += _unzip(label(name), content)
        else:
            found.append(_one(label(name), content))
    kept: list[Incoming] = []
    count = 0
    for each in sorted(found, key=lambda each: each.name):
        total += len(each.content)
        count += not each.problem
        over = "" if total <= LARGEST_CLASS else "the files before it fill the memory set aside"
        over = over if count <= MOST_FILES else f"only the first {MOST_FILES:,} files are read"
        kept.append(Incoming(each.name, problem=over) if over and not each.problem else each)
    return kept


def label(name: str) -> str:
    """A file's name as it may be shown: a relative path without tricks, of a length one can read.

    >>> label("../../etc/pass\\x00wd"), label("C:\\\\a\\\\b.json"), label("x\\u202egnp.json")
    ('etc/pass�wd', 'C:/a/b.json', 'x�gnp.json')
    """
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    text = printable("/".join(parts))
    return text if len(text) <= 160 else f"{text[:80]}…{text[-79:]}"


def printable(text: str) -> str:
    """A stranger's text for a line of its own: without what moves a cursor, turns the writing round, or is half a sign.

    >>> printable("a\\x1b[31mb\\n")
    'a�[31mb�'
    """
    return "".join("\ufffd" if unicodedata.category(sign)[0] == "C" else sign for sign in text)


def _one(name: str, content: bytes) -> Incoming:
    if not name.lower().endswith(".json"):
        return Incoming(name, problem="not a submission: its name does not end in .json")
    problem = unread(name, len(content))
    return Incoming(name, b"" if problem else content, problem)


def unread(name: str, size: int) -> str:
    """Why a file of this name and size is not even read; empty where it is.

    >>> unread("s17.json", 10**8)
    'the file has 100,000,000 bytes; a submission has at most 2,000,000'
    """
    if name.lower().endswith(".zip"):
        return f"the zip has {size:,} bytes; at most {LARGEST_ZIP:,} are opened" if size > LARGEST_ZIP else ""
    return f"the file has {size:,} bytes; a submission has at most {LARGEST:,}" if size > LARGEST else ""


def _walk(folder: Path) -> Iterator[tuple[str, bytes | str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield name, "a link, which is not followed"
        elif path.is_file() and not _unseen(name):
            yield name, _read(path)


def _read(path: Path) -> bytes | str:
    problem = unread(path.name, path.stat().st_size)
    if problem:
        return problem
    try:
        return path.read_bytes()
    except OSError as error:
        return f"it can't be read: {error.strerror}"


def _unzip(name: str, content: bytes) -> list[Incoming]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, LookupError) as error:
        return [Incoming(name, problem=f"the zip can't be opened: {error}")]
    members = [item for item in archive.infolist() if not item.filename.endswith("/") and not _unseen(item.filename)]
    found: list[Incoming] = []
    total = 0
    for item in members[:MOST_FILES]:
        inner = f"{name}/{label(item.filename)}"
        if total > LARGEST_CLASS:
            found.append(Incoming(inner, problem="the files before it fill the memory set aside"))
            continue
        each = _member(archive, item, inner)
        total += len(each.content)
        found.append(each)
    if len(members) > MOST_FILES:
        found.append(
            Incoming(name, problem=f"it holds {len(members):,} files; only the first {MOST_FILES:,} were read")
        )
    return found


def _member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, name: str) -> Incoming:
    if name.lower().endswith(".zip"):
        return Incoming(name, problem="a zip inside a zip is not opened: unpack it first")
    if not name.lower().endswith(".json"):
        return _one(name, b"")
    try:
        # What a zip says of sizes is its own word: never more is unpacked than a submission may have.
        with archive.open(item) as file:
            content = file.read(LARGEST + 1)
    except RuntimeError:
        return Incoming(name, problem="it is encrypted: unpack it first")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError, ValueError, LookupError) as error:
        return Incoming(name, problem=f"its part of the zip is damaged: {error}")
    problem = unread(name, max(item.file_size, len(content)) if len(content) > LARGEST else len(content))
    return Incoming(name, b"" if problem else content, problem)


def _unseen(name: str) -> bool:
    """What systems leave behind beside a student's file."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in parts)
