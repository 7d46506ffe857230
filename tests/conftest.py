"""What all tests share: hypothesis judges answers, never how long a loaded machine took for them."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")
