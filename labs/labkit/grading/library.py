"""The labs that can be graded: the sources of their notebooks, as labs/catalog.toml lists them."""

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

import labkit
from labkit.grading.sheet import Sheet
from mlsysim.check import InvalidInput, UnknownName

HERE = Path(labkit.__file__).resolve().parent.parent


def sources(folder: Path = HERE) -> dict[str, str]:
    """The text of each lab's notebook, by the lab's name.

    Raises
    ------
    InvalidInput : the folder has no catalog, or lacks a notebook that the catalog lists
    """
    catalog = folder / "catalog.toml"
    if not catalog.is_file():
        raise InvalidInput(f"there are no labs in {folder}: name the folder with catalog.toml, such as --labs labs")
    try:
        rows = tomllib.loads(catalog.read_text(encoding="utf-8"))
        names = [name for name in rows if not name.startswith("tutorials/")]  # nothing of these is handed in
        return {name: (folder / f"{name}.py").read_text(encoding="utf-8") for name in names}
    except (OSError, ValueError) as error:
        raise InvalidInput(f"the labs in {folder} can't be read: {error}") from error


def titles(folder: Path = HERE) -> dict[str, str]:
    """The title of each lab and tutorial, by its name."""
    table = tomllib.loads((folder / "catalog.toml").read_text(encoding="utf-8"))
    return {name: str(row["title"]) for name, row in table.items()}


def number(name: str) -> str:
    """A lab's volume and number, as its short codes carry them; the name itself for what is no numbered lab.

    >>> number("vol1/lab_02_ml_systems"), number("tutorials/hello")
    ('1.02', 'tutorials/hello')
    """
    found = re.match(r"vol(\d)/lab_(\d\d)_", name)
    return f"{found[1]}.{found[2]}" if found else name


def called(given: str, known: Collection[str]) -> str:
    """The lab of this name, of this number such as 1.02, or with this part in its name that no other has.

    Raises
    ------
    UnknownName : no lab is called so, or several are
    """
    names = [name for name in known if given in (name, number(name))] or [name for name in known if given in name]
    if len(names) != 1 or not given:
        raise UnknownName("lab", given, names or known, " Several labs are called so." if names else "")
    return names[0]


def find(given: str, known: Mapping[str, str]) -> Sheet:
    """The answer sheet of the lab that is called so.

    Raises
    ------
    UnknownName : no lab is called so, or several are
    """
    name = called(given, known)
    return Sheet(name, known[name])
