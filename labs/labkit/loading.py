"""A notebook, run here and now: the lab or tutorial that it declares, and everything that it defines."""

import contextlib
import importlib.util
import io
import sys
from pathlib import Path
from typing import Any

from labkit.flow import Flow


class LabError(ValueError):
    """A notebook that is no lab, with the reason as a sentence."""


def load(notebook: Path, name: str) -> tuple[Flow, dict[str, Any]]:
    """The lab or tutorial called `name`, and what its notebook defines, in the order of the file.

    Raises
    ------
    LabError : the notebook is not there, does not compile, does not run, or declares no such lab
    """
    if not notebook.is_file():
        raise LabError(f"{name} is listed, but {notebook.name} is not there")
    spec = importlib.util.spec_from_file_location(notebook.stem, notebook)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[notebook.stem] = module
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            spec.loader.exec_module(module)
            _, defined = module.app.run()
    except SyntaxError as error:
        raise LabError(f"{notebook.name} does not compile, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        raise LabError(f"{notebook.name} does not run: {type(error).__name__}: {error}") from error
    lab = defined.get("lab")
    if not isinstance(lab, Flow) or lab.name != name:
        raise LabError(f"{notebook.name} defines no `lab = Lab(name={name!r}, …)`")
    return lab, vars(module) | dict(defined)
