"""Talking to the registries through their own clients, and saying in one sentence what went wrong."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence

from errors import BuildError

UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ConnectionReset|ProtocolError|ConnectionError|NameResolution"
    r"|getaddrinfo|ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONNRESET|Temporary failure|Network is unreachable",
)
MISMATCH = re.compile(r"DO NOT MATCH THE HASHES|EINTEGRITY")
NO_SPACE = re.compile(r"No space left|ENOSPC|Disk quota")
NOT_WRITABLE = re.compile(r"Permission denied|EACCES|Read-only file system|EROFS")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def integrity(data: bytes) -> str:
    """npm's integrity string."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def explain(output: str, what: str, registry: str) -> str:
    """One sentence for what a package client printed when it failed."""
    if MISMATCH.search(output):
        culprit = re.search(r"^\s+(\S.*?) (?:from|\()", output.partition("HASHES")[2], re.MULTILINE)
        named = f" ({culprit[1]})" if culprit else ""
        return (
            f"What {registry} sent for {what} does not have the hash that was locked{named}; nothing of it was used. "
            "Try again, and if it stays so, find out who changed the file before refreshing the lock."
        )
    if NO_SPACE.search(output):
        return f"The disk is full: {what} could not be stored."
    if UNREACHABLE.search(output):
        return f"{registry} cannot be reached, so {what} could not be fetched: check the network and try again."
    if NOT_WRITABLE.search(output):
        return f"A folder could not be written while fetching {what}: check who owns the checkout."
    lines = [line.strip() for line in output.splitlines() if re.match(r"\s*(npm )?err(or)?[!: ]", line, re.IGNORECASE)]
    return (
        f"Fetching {what} from {registry} failed: {lines[0] if lines else output.strip()[-200:] or 'no reason given'}"
    )


def client(command: Sequence[str], what: str, registry: str, env: Mapping[str, str] | None = None) -> str:
    """Run a package client; its output, or a BuildError."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, errors="replace")
    except OSError as error:
        raise BuildError(f"{command[0]} cannot be started: {error.strerror}.") from error
    if done.returncode:
        raise BuildError(explain(done.stdout + done.stderr, what, registry))
    return done.stdout


def pip(arguments: Sequence[str], what: str, python: str = sys.executable) -> str:
    command = [python, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "2", *arguments]
    return client(command, what, "the Python package registry")


def npm(command: Sequence[str], arguments: Sequence[str], what: str, path: str) -> str:
    env = os.environ | {"PATH": path, "npm_config_fetch_retries": "1", "npm_config_update_notifier": "false"}
    return client([*command, *arguments], what, "the npm registry", env)
