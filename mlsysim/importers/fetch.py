"""A small file over https: certificates always verified, never without a limit of size and time."""

from __future__ import annotations

import ssl
from http.client import HTTPException, HTTPMessage
from time import monotonic
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from mlsysim.check import InvalidValue

LARGEST = 1 << 20
"""Most bytes that are read."""
PATIENCE = 20.0
"""Time to wait for an answer, and for all of it [s]."""


class _Secure(HTTPRedirectHandler):
    """Follows redirects to https alone."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme != "https":
            raise URLError(f"it redirects to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(address: str) -> bytes:
    """What is at the address.

    >>> fetch("http://example.org/config.json")
    Traceback (most recent call last):
    mlsysim.check.InvalidValue: address is 'http://example.org/config.json', but only https is used. ...
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        raise _refused(address, "it is no address") from None
    if parts.scheme != "https" or not host:
        raise _refused(address, "only https is used")
    latest = monotonic() + PATIENCE
    opener = build_opener(_Secure(), ProxyHandler(), HTTPSHandler(context=ssl.create_default_context()))
    try:
        with opener.open(Request(address, headers={"User-Agent": "mlsysim"}), timeout=PATIENCE) as answer:
            found = b""
            while len(found) <= LARGEST and (more := answer.read1(1 << 16)):
                found += more
                if monotonic() > latest:
                    raise TimeoutError("it takes too long")
    except HTTPError as error:
        known = {401: "it asks who you are", 403: "it is not open to everybody", 404: "there is nothing"}
        raise _refused(address, known.get(error.code, f"the server answers {error.code}")) from None
    except (OSError, HTTPException, ValueError) as error:
        told = getattr(error, "reason", error)
        raise _refused(address, f"it cannot be read: {told}") from None
    if len(found) > LARGEST:
        raise _refused(address, f"it is longer than the {LARGEST:,d} bytes that are read")
    return found


def _refused(address: str, rule: str) -> InvalidValue:
    example = "a config.json that was downloaded, by its path"
    return InvalidValue("address", address, rule, example)
