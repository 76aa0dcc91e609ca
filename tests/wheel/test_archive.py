"""Wheels are read strictly and written reproducibly."""

import io
import tarfile
import zipfile

import pytest

import archive
from errors import BuildError

INFO = "demo-1.0.dist-info"
FILES = {
    "demo/__init__.py": b"x = 1\n",
    f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n",
}


def rezip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for path, data in files.items():
            target.writestr(path, data)
    return out.getvalue()


def test_a_written_wheel_reads_back() -> None:
    back = archive.read("demo.whl", archive.write(FILES))
    assert {path: back[path] for path in FILES} == FILES


def test_the_order_of_files_makes_no_difference() -> None:
    assert archive.write(FILES) == archive.write(dict(reversed(FILES.items())))


def test_record_names_every_file_once_and_itself_without_a_hash() -> None:
    record = archive.unzip(archive.write(FILES))[f"{INFO}/RECORD"].decode().splitlines()
    assert [line.split(",")[0] for line in record] == [*sorted(FILES), f"{INFO}/RECORD"]
    assert record[-1] == f"{INFO}/RECORD,,"


def test_a_changed_file_is_refused_by_name() -> None:
    files = archive.unzip(archive.write(FILES)) | {"demo/__init__.py": b"x = 2\n"}
    with pytest.raises(BuildError, match=r"demo\.whl was tampered with: demo/__init__.py"):
        archive.read("demo.whl", rezip(files))


def test_an_added_file_is_refused() -> None:
    with pytest.raises(BuildError, match="tampered"):
        archive.read("demo.whl", rezip(archive.unzip(archive.write(FILES)) | {"demo/more.py": b""}))


def test_half_a_wheel_is_refused() -> None:
    data = archive.write(FILES)
    with pytest.raises(BuildError, match="not a readable wheel"):
        archive.read("demo.whl", data[: len(data) // 2])


def test_a_wheel_without_record_is_refused() -> None:
    with pytest.raises(BuildError, match="no RECORD"):
        archive.read("demo.whl", rezip(FILES))


def test_a_source_distribution_gives_its_pure_python_files_and_nothing_else() -> None:
    content = {
        "demo-1.0/PKG-INFO": FILES[f"{INFO}/METADATA"],
        "demo-1.0/LICENSE": b"free",
        "demo-1.0/setup.py": b"",
        "demo-1.0/src/demo/__init__.py": b"x = 1\n",
        "demo-1.0/src/demo/_fast.c": b"int x;",
        "demo-1.0/tests/test_demo.py": b"",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as target:
        for path, data in content.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    files = archive.from_source("demo", "1.0", "src", out.getvalue())
    assert sorted(files) == [
        "demo-1.0.dist-info/METADATA",
        f"{INFO}/WHEEL",
        f"{INFO}/licenses/LICENSE",
        "demo/__init__.py",
    ]
