"""Wheels as plain dictionaries of path to bytes, read strictly and written byte-for-byte reproducibly."""

import base64
import csv
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from errors import BuildError

Files = dict[str, bytes]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip file can hold


def record_hash(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def info_folder(files: Mapping[str, bytes]) -> str:
    """The wheel's one `.dist-info` folder."""
    found = {path.split("/")[0] for path in files if path.split("/")[0].endswith(".dist-info")}
    if len(found) != 1:
        raise BuildError(f"A wheel must hold one .dist-info folder; this one holds {sorted(found)}.")
    return found.pop()


def unzip(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {item.filename: archive.read(item) for item in archive.infolist() if not item.is_dir()}


def read(name: str, data: bytes) -> Files:
    """A wheel's files, each of them checked against its RECORD."""
    try:
        files = unzip(data)
    except (zipfile.BadZipFile, EOFError) as error:
        raise BuildError(f"{name} is not a readable wheel: {error}.") from error
    record = f"{info_folder(files)}/RECORD"
    if record not in files:
        raise BuildError(f"{name} has no RECORD, so its files cannot be checked.")
    listed = {row[0]: row[1] for row in csv.reader(io.StringIO(files[record].decode())) if row}
    for path, content in files.items():
        if path != record and listed.get(path) != record_hash(content):
            raise BuildError(f"{name} was tampered with: {path} is not what its RECORD says.")
    return files


def write(files: Mapping[str, bytes]) -> bytes:
    """A wheel of these files: RECORD rewritten, sorted, without a time stamp of its own."""
    info = info_folder(files)
    record = f"{info}/RECORD"
    content = {path: files[path] for path in sorted(files) if path != record}
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerows((path, record_hash(data), len(data)) for path, data in content.items())
    rows.writerow((record, "", ""))
    return pack(content | {record: table.getvalue().encode()})


def pack(files: Mapping[str, bytes], *, compressed: bool = True) -> bytes:
    """A zip file of these files, in this order."""
    way = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in files.items():
            item = zipfile.ZipInfo(path, EPOCH)
            item.external_attr = 0o644 << 16
            item.create_system = 3
            archive.writestr(item, data, way, 9)
    return out.getvalue()


def untar(tarball: bytes, into: Path) -> None:
    """Unpack an npm tarball, without the folder that holds it all."""
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archived:
        for member in archived:
            if member.isfile():
                member.name = member.name.partition("/")[2]
                archived.extract(member, into, filter="data")


def from_source(name: str, version: str, folder: str, tarball: bytes) -> Files:
    """The files of a pure-Python wheel, taken from `folder` of a source distribution as they are."""
    info = f"{name.lower()}-{version}.dist-info"
    files: Files = {}
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            inner = "/".join(path.parts[1:])
            content = archive.extractfile(member)
            if content is None:
                continue
            if inner == "PKG-INFO":
                files[f"{info}/METADATA"] = content.read()
            elif path.name.upper().startswith(("LICENSE", "COPYING")) and len(path.parts) == 2:
                files[f"{info}/licenses/{path.name}"] = content.read()
            elif inner.startswith(folder + "/") and path.suffix == ".py":
                files[inner.removeprefix(folder + "/")] = content.read()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: mlsysim\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return files
