"""How the tests are spread over the workers."""

import pytest
from xdist.scheduler import LoadScopeScheduling


class Together(LoadScopeScheduling):
    """A file's tests stay together, for what they share; where every lab is played, a lab's."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        return file + test[test.find("[") :] if file.endswith("browser/test_every_lab.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """In place of the scheduler that the option names."""
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's files first, as they take longest; behind the first of them, whose worker builds the site, the
    labs' own tests, which need none, for the other worker meanwhile."""
    first = items[0].path if items and items[0].path.parent.name == "browser" else None
    items.sort(key=lambda item: 0 if item.path == first else 1 if item.path.parent.name == "labs" else 2)
