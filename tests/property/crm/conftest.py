"""A loaded machine makes examples slow, not wrong: no deadline per example (pytest-timeout bounds the test)."""

from hypothesis import settings

settings.register_profile("family-dispatch", deadline=None)
settings.load_profile("family-dispatch")
