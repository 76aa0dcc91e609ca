"""Folders change whole or not at all."""

from pathlib import Path

import pytest

import folders


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with folders.new_folder(tmp_path / "out") as fresh:
        fresh.mkdir()
        (fresh / "new").touch()
        assert (tmp_path / "out" / "old").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "new"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_an_unfinished_folder_leaves_the_old_one_and_no_litter(tmp_path: Path, failure: type[BaseException]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with pytest.raises(failure), folders.new_folder(tmp_path / "out") as fresh:
        fresh.mkdir()
        raise failure
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old"]


def test_the_old_folder_comes_back_when_the_new_one_was_never_made(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with pytest.raises(FileNotFoundError), folders.new_folder(tmp_path / "out"):
        pass
    assert (tmp_path / "out" / "old").exists()


def test_a_stamp_holds_until_the_key_or_the_folder_changes(tmp_path: Path) -> None:
    folder, stamp = tmp_path / "out", tmp_path / "stamp.json"
    folder.mkdir()
    (folder / "a").write_text("a")
    assert not folders.stamped(folder, stamp, "key")
    folders.put_stamp(folder, stamp, "key")
    assert folders.stamped(folder, stamp, "key")
    assert not folders.stamped(folder, stamp, "other")
    (folder / "a").unlink()
    assert not folders.stamped(folder, stamp, "key")


def test_the_digest_sees_names_and_contents_and_nothing_else(tmp_path: Path) -> None:
    def digest() -> str:
        return folders.digest_tree(tmp_path, ["code"])

    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "a.py").write_text("1")
    first = digest()
    (tmp_path / "code" / "__pycache__" / "a.pyc").touch()
    (tmp_path / "elsewhere").touch()
    assert digest() == first
    (tmp_path / "code" / "a.py").write_text("2")
    second = digest()
    (tmp_path / "code" / "a.py").rename(tmp_path / "code" / "b.py")
    assert len({first, second, digest()}) == 3


def test_a_kept_folder_is_made_again_only_for_another_key_or_when_it_was_changed(tmp_path: Path) -> None:
    made: list[str] = []

    def make(fresh: Path) -> None:
        made.append("once more")
        (fresh / "page").write_text(f"made {len(made)}")

    def keep(key: str) -> str:
        return (folders.kept(tmp_path / "pages" / "lab", key, make) / "page").read_text()

    assert [keep("a"), keep("a"), keep("b"), keep("b")] == ["made 1", "made 1", "made 2", "made 2"]
    (tmp_path / "pages" / "lab" / "page").write_text("somebody wrote here")
    assert keep("b") == "made 3"


def test_a_kept_folder_that_cannot_be_made_stays_as_it_was(tmp_path: Path) -> None:
    folders.kept(tmp_path / "lab", "a", lambda fresh: (fresh / "page").write_text("good"))

    def fail(fresh: Path) -> None:
        raise ValueError(str(fresh))

    with pytest.raises(ValueError):
        folders.kept(tmp_path / "lab", "b", fail)
    assert (tmp_path / "lab" / "page").read_text() == "good"
