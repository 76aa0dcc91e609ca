"""Compressed copies say what the files say, and are made once for each content."""

import gzip
from pathlib import Path

import brotli

import squeeze


def lay(out: Path, **texts: str) -> Path:
    out.mkdir()
    for name, text in texts.items():
        (out / name.replace("_", ".")).write_text(text)
    return out


def test_copies_hold_the_same_text_and_are_made_once(tmp_path: Path) -> None:
    text, cache, made = "words and more words " * 100, tmp_path / "cache", []
    for number in range(2):
        out = lay(tmp_path / f"out{number}", page_html=text, tiny_js="1", own_pack=text)
        squeeze.beside(out, ["page.html", "tiny.js", "own.pack"], cache)
        assert gzip.decompress((out / "page.html.gz").read_bytes()).decode() == text
        assert brotli.decompress((out / "page.html.br").read_bytes()).decode() == text
        assert len(list(out.iterdir())) == 5
        made.append({copy.name: copy.stat().st_mtime_ns for copy in cache.iterdir()})
    assert len(made[0]) == 2 and made[0] == made[1]


def test_what_is_no_longer_there_is_no_longer_kept(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    squeeze.beside(lay(tmp_path / "old", page_html="old words " * 200), ["page.html"], cache)
    squeeze.beside(lay(tmp_path / "new", page_html="new words " * 200), ["page.html"], cache)
    assert [gzip.decompress(copy.read_bytes())[:3] for copy in cache.glob("*.gz")] == [b"new"]
