"""Files from strangers: each is read within limits or refused by name and reason, and the others are not held up."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom import zipped
from labkit.grading import intake
from labkit.grading.intake import Incoming, IntakeError, from_files, from_path, label
from labkit.submission import LARGEST

GOOD = ("s1.json", b"{}")


def reasons(*files: tuple[str, bytes]) -> dict[str, str]:
    return {each.name: each.problem for each in from_files([*files, GOOD])}


def test_what_is_no_submission_is_said_and_the_rest_is_read() -> None:
    found = reasons(("essay.docx", b"x"), ("big.json", b" " * (LARGEST + 1)), ("in/side.json", b"[]"))
    assert found["s1.json"] == found["in/side.json"] == ""
    assert "does not end in .json" in found["essay.docx"]
    assert found["big.json"] == "the file has 2,000,001 bytes; a submission has at most 2,000,000"


def test_a_hundred_megabytes_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(100_000_000)
    (tmp_path / "s1.json").write_bytes(b"{}")
    found = {each.name: each for each in from_path(tmp_path)}
    assert found["huge.json"] == Incoming("huge.json", b"", intake.unread("huge.json", 100_000_000))
    assert found["s1.json"].content == b"{}"


def test_a_zip_bomb_is_unpacked_no_further_than_a_submission_goes() -> None:
    bomb = zipped({"bomb.json": b"0" * 300_000_000, "s2.json": b"{}"})
    assert len(bomb) < 400_000
    found = {each.name: each for each in from_files([("class.zip", bomb)])}
    assert "at most 2,000,000" in found["class.zip/bomb.json"].problem
    assert found["class.zip/bomb.json"].content == b""
    assert found["class.zip/s2.json"].content == b"{}"


def test_a_zip_that_lies_about_sizes_is_no_way_round_the_limit() -> None:
    bomb = bytearray(zipped({"bomb.json": b"0" * 5_000_000}))
    for at in (bomb.rfind(b"PK\x01\x02") + 24, bomb.find(b"PK\x03\x04") + 22):
        bomb[at : at + 4] = (100).to_bytes(4, "little")
    (found,) = from_files([("class.zip", bytes(bomb))])
    assert found.problem
    assert found.content == b""


def test_many_files_end_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_FILES", 3)
    found = from_files([("class.zip", zipped({f"{index}.json": b"{}" for index in range(5)}))])
    assert [each.name for each in found if not each.problem] == [f"class.zip/{index}.json" for index in range(3)]
    assert [each.problem for each in found if each.problem]
    monkeypatch.setattr(intake, "LARGEST_CLASS", 4)
    many = from_files((f"{index}.json", b"{}") for index in range(3))
    assert [bool(each.content) for each in many] == [True, True, False]


@pytest.mark.parametrize("name", ["../../etc/cron.json", "/etc/cron.json", "..\\..\\cron.json", "C:\\cron.json"])
def test_names_lead_nowhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = from_files([("class.zip", zipped({name: b"{}"}))])
    assert ".." not in found.name
    assert not found.name.startswith("/")
    assert list(tmp_path.iterdir()) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes(b"{}")
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "link.json").symlink_to(secret)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert {each.problem for each in from_path(folder)} == {"a link, which is not followed"}


def test_zips_in_zips_encrypted_and_damaged_ones_are_refused() -> None:
    locked = bytearray(zipped({"a.json": b"{}"}))
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    damaged = bytearray(zipped({"a.json": b"{}" * 50}))
    damaged[damaged.find(b"a.json") + 8] ^= 255
    assert "not opened" in from_files([("z.zip", zipped({"in.zip": b""}))])[0].problem
    assert "encrypted" in from_files([("z.zip", bytes(locked))])[0].problem
    assert "damaged" in from_files([("z.zip", bytes(damaged))])[0].problem
    assert "can't be opened" in from_files([("z.zip", b"PK")])[0].problem
    assert "at most" in intake.unread("class.zip", 10**9)


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    left = {".DS_Store": b"x", "__MACOSX/._s1.json": b"x", "a/.hidden.json": b"x", "s1.json": b"{}"}
    assert [each.name for each in from_files([("c.zip", zipped(left))])] == ["c.zip/s1.json"]
    for name, content in left.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(content)
    assert [each.name for each in from_path(tmp_path)] == ["s1.json"]


def test_a_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="is not there: name a folder"):
        from_path(tmp_path / "nowhere")


@given(st.text())
def test_any_name_can_be_shown(name: str) -> None:
    shown = label(name)
    assert len(shown) <= 160
    assert shown.isprintable() or all(
        sign.isprintable() or sign in "\u2028\u2029\xa0\u3000" or sign.isspace() for sign in shown
    )
    shown.encode()


@st.composite
def mauled_zips(draw: st.DrawFn) -> bytes:
    """A zip with some of its bytes changed, cut or doubled."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))) as archive:
        for index in range(draw(st.integers(0, 3))):
            archive.writestr(f"{index}.json", draw(st.binary(max_size=60)))
    content = bytearray(out.getvalue())
    for _ in range(draw(st.integers(0, 12))):
        at = draw(st.integers(0, len(content) - 1))
        content[at] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))]) if draw(st.booleans()) else bytes(content)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mauled_zips() | st.binary())
def test_no_zip_stops_the_others(content: bytes) -> None:
    found = from_files([("a.zip", content), GOOD])
    assert Incoming(*GOOD) in found
    assert all(each.problem or each.name.endswith(".json") for each in found)
