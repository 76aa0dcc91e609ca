"""Serve a folder to this machine's browsers, as a plain static host would."""

import errno
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from errors import BuildError


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".whl": "application/zip",
        ".json": "application/json",
        ".webmanifest": "application/manifest+json",
        ".woff2": "font/woff2",
    }

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the terminal is for the address."""


class Watched(Handler):
    """The site while it is written: each page loads itself anew when the site was built again, and nothing is kept
    in the browser, so that what is seen is what was written."""

    server: "Server"
    LISTEN = b"<script>new EventSource('/.changes').onmessage = () => location.reload()</script>"
    LEAVE = b"self.addEventListener('install', () => self.skipWaiting()); self.registration.unregister();"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if self.path == "/.changes":
            self.tell()
        elif self.path == "/sw.js":
            self.give(self.LEAVE, "text/javascript")
        elif path.suffix == ".html" and path.is_file() and self.path.endswith(("/", ".html")):
            self.give(path.read_bytes().replace(b"</body>", self.LISTEN + b"</body>"), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def give(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def tell(self) -> None:
        """Wait for the next build and say so."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b": listening\n\n")
        self.wfile.flush()
        with self.server.building:
            self.server.building.wait()
        self.wfile.write(b"data: built\n\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.building = threading.Condition()

    def changed(self) -> None:
        """Wake the pages that listen."""
        with self.building:
            self.building.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of a file is no error."""


def listen(
    folder: Path, port: int, say: Callable[[str], None], handler: type[Handler] = Handler, tries: int = 50
) -> Server:
    """A server for the folder, on this port or on the next one that is free."""
    for candidate in range(port, port + tries):
        try:
            server = Server(("127.0.0.1", candidate), partial(handler, directory=str(folder)))
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            continue
        if candidate != port:
            say(f"port {port} is taken, so this is port {candidate}")
        return server
    raise BuildError(f"Ports {port} to {port + tries - 1} are all taken: stop one of the programs that hold them.")
