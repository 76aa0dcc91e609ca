"""A server that counts: requests, bytes as sent, and the same bytes gzipped."""

import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Count:
    """What was asked for since the last reset."""

    requests: int = 0
    bytes: int = 0
    gzip_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        """Start again from nothing."""
        self.requests = self.bytes = self.gzip_bytes = 0


@functools.cache
def gzipped(path: Path) -> int:
    """Size of a file once compressed, as most hosts send it."""
    return len(gzip.compress(path.read_bytes(), 6))


class Server(http.server.ThreadingHTTPServer):
    """One that does not mind a browser that goes away."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Count]]:
    """Serve a folder from a free port of this machine; gives its address and the count."""
    count = Count()

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        extensions_map = {  # noqa: RUF012
            **http.server.SimpleHTTPRequestHandler.extensions_map,
            ".mjs": "text/javascript",
            ".wasm": "application/wasm",
        }

        def end_headers(self) -> None:
            self.send_header("Cache-Control", "no-cache")
            super().end_headers()

        def copyfile(self, source: Any, outputfile: Any) -> None:
            path = Path(source.name)
            with count.lock:
                count.bytes += path.stat().st_size
                count.gzip_bytes += gzipped(path)
            super().copyfile(source, outputfile)

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            with count.lock:
                count.requests += 1

    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size > 100_000:
            gzipped(path)
    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", count
    finally:
        server.shutdown()
        server.server_close()
