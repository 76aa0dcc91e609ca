"""The local server behaves as a static host would."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import server
from errors import BuildError


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def running(tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    for name in ("a.html", "a.mjs", "a.js", "a.wasm", "a.whl", "a.json", "a.css"):
        (tmp_path / name).write_text(name)
    with server.listen(tmp_path, free_port(), print) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", listening.server_port)
        yield connection
        connection.close()
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html"),
        ("a.mjs", "text/javascript"),
        ("a.js", "text/javascript"),
        ("a.wasm", "application/wasm"),
        ("a.whl", "application/zip"),
        ("a.json", "application/json"),
        ("a.css", "text/css"),
    ],
)
def test_every_kind_of_file_has_its_type(running: http.client.HTTPConnection, name: str, kind: str) -> None:
    running.request("GET", f"/{name}")
    answer = running.getresponse()
    assert (answer.status, answer.read()) == (200, name.encode())
    assert answer.headers.get_content_type() == kind
    assert answer.headers["Cache-Control"] == "no-cache"


def test_one_connection_serves_many_requests(running: http.client.HTTPConnection) -> None:
    running.request("GET", "/a.html")
    running.getresponse().read()
    before = running.sock
    running.request("GET", "/a.js")
    assert running.getresponse().read() == b"a.js"
    assert running.sock is before


def test_an_unchanged_file_is_not_sent_again(running: http.client.HTTPConnection) -> None:
    running.request("GET", "/a.js")
    first = running.getresponse()
    first.read()
    running.request("GET", "/a.js", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    again = running.getresponse()
    assert (again.status, again.read()) == (304, b"")


def test_a_taken_port_gives_the_next_one_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with server.listen(tmp_path, port, said.append) as listening:
            assert port < listening.server_port < port + 50
    assert said == [f"port {port} is taken, so this is port {listening.server_port}"]


def test_when_every_port_is_taken_it_says_which(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with pytest.raises(BuildError, match=f"Ports {port} to {port} are all taken"):
            server.listen(tmp_path, port, print, tries=1)
