"""Compressed copies beside the files, for hosts that send such: nginx's `gzip_static` and `brotli_static`, Caddy's
`precompressed`."""

import gzip
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli

import registry
from folders import link

WORDS = (".html", ".js", ".mjs", ".css", ".json", ".svg")
LEAST = 1024
WAYS = {".gz": lambda data: gzip.compress(data, 9, mtime=0), ".br": brotli.compress}


def beside(out: Path, names: Iterable[str], cache: Path) -> None:
    """Put a gzip and a brotli copy beside each named file of words; what was compressed before comes from `cache`."""
    cache.mkdir(parents=True, exist_ok=True)
    large = [path for path in (out / name for name in names) if path.suffix in WORDS and path.stat().st_size >= LEAST]

    def squeezed(path: Path) -> set[Path]:
        data = path.read_bytes()
        copies = {suffix: cache / f"{registry.digest(data)}{suffix}" for suffix in WAYS}
        for suffix, copy in copies.items():
            if not copy.is_file():
                fresh = copy.with_suffix(".new")
                fresh.write_bytes(WAYS[suffix](data))
                fresh.replace(copy)
            link(str(copy), str(path.with_name(path.name + suffix)))
        return set(copies.values())

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        used = set().union(*threads.map(squeezed, sorted(large, key=lambda path: -path.stat().st_size)))
    for old in set(cache.iterdir()) - used:
        old.unlink()
