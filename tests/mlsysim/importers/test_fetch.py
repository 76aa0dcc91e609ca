"""A real server over TLS: certificates are verified, sizes and redirects limited."""

import json
import shutil
import ssl
import subprocess
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlsysim import ModelSpec
from mlsysim.check import InvalidValue
from mlsysim.importers import fetch

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        answers = {
            "/config.json": (200, json.dumps({"model_type": "gpt2"}).encode()),
            "/long": (200, b" " * (fetch.LARGEST + 1)),
            "/page": (200, b"<!doctype html>"),
            "/private": (401, b""),
            "/broken": (500, b""),
        }
        if self.path == "/plain":
            self.send_response(302)
            self.send_header("Location", "http://localhost/config.json")
            self.end_headers()
            return
        code, body = answers.get(self.path, (404, b""))
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError, ssl.SSLError):  # the reader may have had enough
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a reader that does not trust the certificate hangs up


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    return made, key


@pytest.fixture(scope="module")
def address(certificate):
    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def test_a_certificate_nobody_vouches_for_is_refused(address, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(InvalidValue, match=r"(?i)certificate"):
        fetch.fetch(f"{address}/config.json")


def test_a_model_over_the_network(address, trusted):
    model = ModelSpec.from_huggingface(f"{address}/config.json", network=True)
    assert (model.name, model.parameters) == ("config", 124_439_808)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/long", "longer than"),
        ("/private", "who you are"),
        ("/nothing", "there is nothing"),
        ("/broken", "500"),
        ("/plain", "not https"),
    ],
)
def test_an_answer_that_is_none(address, trusted, path, told):
    with pytest.raises(InvalidValue, match=told):
        fetch.fetch(f"{address}{path}")


def test_a_page_is_no_config(address, trusted):
    with pytest.raises(InvalidValue, match="not well formed"):
        ModelSpec.from_huggingface(f"{address}/page", network=True)


def test_an_answer_that_never_ends(address, trusted, monkeypatch):
    monkeypatch.setattr(fetch, "PATIENCE", 20.0)
    now = iter([0.0, 100.0, 200.0])
    monkeypatch.setattr(fetch, "monotonic", lambda: next(now))
    with pytest.raises(InvalidValue, match="too long"):
        fetch.fetch(f"{address}/config.json")


@pytest.mark.parametrize(
    "address", ["http://localhost/x", "ftp://localhost/x", "https://", "file:///etc/passwd", "https://["]
)
def test_only_https_is_used(address):
    with pytest.raises(InvalidValue, match="address"):
        fetch.fetch(address)


def test_a_host_that_is_not_there_is_one_sentence():
    with pytest.raises(InvalidValue, match="cannot be read"):
        fetch.fetch("https://localhost:9/config.json")
