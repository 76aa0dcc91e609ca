"""How the tests are spread over the workers."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together, for what they share; where every lab is played, a lab's."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        lab = item.callspec.params["given"] if file.endswith("browser/test_every_lab.py") else ""  # type: ignore[attr-defined]
        item.add_marker(pytest.mark.xdist_group(f"{file} {lab}"))
