"""The same examples on every run and every machine, however slow."""

from hypothesis import settings

settings.register_profile("mlsysim", deadline=None, derandomize=True, database=None)
settings.load_profile("mlsysim")
