"""Which module imports which: read from the sources, so that thinning can be checked without running anything."""

import ast
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Import:
    importer: str  # path of the importing file
    target: str  # path of the imported file


def module_paths(paths: Mapping[str, bytes]) -> dict[str, str]:
    """Module name -> path."""
    names = {path.removesuffix(".py").replace("/", "."): path for path in paths if path.endswith(".py")}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def _type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in ast.dump(test)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements anywhere below, save those for type checkers alone."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and _type_checking(node.test):
            yield from _statements(node.orelse)
        else:
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, name, ()))
            for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _statements(branch.body)


def _names(statement: ast.Import | ast.ImportFrom, package: list[str]) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    base = package[: len(package) - statement.level + 1] if statement.level else []
    stem = ".".join([*base, *([statement.module] if statement.module else [])])
    yield stem
    yield from (f"{stem}.{alias.name}" for alias in statement.names)


def imports(sources: Mapping[str, bytes], importers: Container[str]) -> Iterator[Import]:
    """Every import statement of the importers whose target is among the sources."""
    modules = module_paths(sources)
    for name, path in modules.items():
        if path not in importers:
            continue
        try:
            tree = ast.parse(sources[path])
        except (SyntaxError, ValueError):
            continue
        package = name.split(".") if path.endswith("__init__.py") else name.split(".")[:-1]
        for statement in _statements(tree.body):
            for target in _names(statement, package):
                parts = target.split(".")
                for count in range(1, len(parts) + 1):
                    found = modules.get(".".join(parts[:count]))
                    if found and found != path:
                        yield Import(path, found)
