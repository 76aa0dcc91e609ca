"""How the tests are spread over the workers."""

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = {
    "test_controls.py": "explorer",
    "test_failures.py": "explorer",
    "test_access.py": "graduate",
    "test_report.py": "graduate",
    "test_submission.py": "graduate",
}


class Together(LoadScopeScheduling):
    """A file's tests stay together, for what they share, and files that share a page; where every lab is played, a
    lab's tests."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        folder, _, name = file.rpartition("/")
        if not folder.endswith("browser"):
            return file
        if name == "test_every_lab.py":
            return file + test[test.find("[") :]
        return SHARED.get(name, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """In place of the scheduler that the option names."""
    return Together(config, log)
