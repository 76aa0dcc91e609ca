"""A model's config.json, from a file, or from the network where that is asked for."""

from __future__ import annotations

import os.path
import re
from typing import Any

from mlsysim.check import Checks, InvalidValue
from mlsysim.importers.config import Config, refused
from mlsysim.importers.decoders import DECODERS, Entry
from mlsysim.importers.others import OTHERS

HOST = "https://huggingface.co"
FAMILIES = DECODERS | OTHERS
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def read(source: str, *, network: bool = False) -> Entry:
    """The model as one's own file would describe it."""
    from mlsysim.own import content_of

    if not isinstance(source, (str, os.PathLike)) or not str(source).strip():
        raise refused("source", source, "it must be a file, a folder, an ID or an address")
    given = os.fspath(source)
    path = os.path.join(given, "config.json") if os.path.isdir(given) else given
    if os.path.exists(path):
        return entry(content_of(path, "json"), _named(path))
    remote = given if "://" in given else f"{HOST}/{given}/resolve/main/config.json"
    if "://" not in given and (not _ID.fullmatch(given) or given.endswith(".json")):
        raise refused("source", given, "there is no such file, and it is no ID either")
    if not network:
        raise refused(
            "source",
            given,
            "there is no such file here, and the network is used only where network=True, or --network, allows it",
        )
    from mlsysim.importers.fetch import fetch
    from mlsysim.own import parsed

    name = given.rstrip("/").split("/")[-1] if "://" not in given else _of_address(given)
    return entry(parsed(fetch(remote), remote, "json"), name)


def entry(content: dict[str, Any], name: str) -> Entry:
    """The model that a config.json's content describes.

    >>> entry({"model_type": "gpt2"}, "GPT-2")["layers"]
    12
    """
    family = content.get("model_type")
    if family is None:
        raise refused("model_type", None, "a config.json says which architecture it is for, and this one does not")
    if not isinstance(family, str) or family not in FAMILIES:
        rule = f"that architecture is not known; known are {', '.join(sorted(FAMILIES))}"
        raise InvalidValue("model_type", family, rule, '"model_type": "llama"')
    meaning, defaults = FAMILIES[family]
    each = Checks()
    described = meaning(Config(content, defaults, each))
    each.finish()
    stated = content.get("_name_or_path")
    # Where a model was saved from says nothing about what it is.
    if isinstance(stated, str) and _ID.fullmatch(stated) and "/" in stated:
        name = stated.split("/")[-1]
    # A folder's name can hold bytes that are no text.
    readable = name.encode(errors="replace").decode()
    return {"name": readable.strip() or family, **described}


def _named(path: str) -> str:
    """A file is named after its folder, as `config.json` says nothing."""
    stem = os.path.splitext(os.path.basename(path))[0]
    folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
    return folder if stem == "config" and folder else stem


def _of_address(address: str) -> str:
    """The repository's name in an address, if it is of that form."""
    found = re.match(rf"{re.escape(HOST)}/[^/]+/([^/]+)/", address)
    return found.group(1) if found else address.rstrip("/").split("/")[-1].removesuffix(".json")
