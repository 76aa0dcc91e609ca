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
