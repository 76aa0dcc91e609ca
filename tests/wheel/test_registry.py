"""The clients' outpourings become one sentence each."""

import pytest

import registry

MISMATCH = """ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated ...
    demo==1.0 from somewhere (from -r wanted.txt (line 1)):
        Expected sha256 aa
             Got        bb
"""


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (MISMATCH, "does not have the hash that was locked (demo==1.0)"),
        ("npm error code EINTEGRITY", "does not have the hash that was locked;"),
        ("WARNING: Retrying ... NewConnectionError('refused')\nERROR: No matching distribution", "cannot be reached"),
        ("npm error code ECONNREFUSED", "cannot be reached"),
        ("npm error code EAI_AGAIN", "cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: Could not install: [Errno 13] Permission denied: 'x'", "could not be written"),
        (
            "noise\nERROR: No matching distribution found for demo==9",
            "ERROR: No matching distribution found for demo==9",
        ),
        ("", "no reason given"),
    ],
)
def test_explain(output: str, sentence: str) -> None:
    said = registry.explain(output, "demo", "the registry")
    assert sentence in said
    assert "\n" not in said
