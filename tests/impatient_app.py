"""The dashboard as it is, but its open pages look for another generation every second instead of every minute."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app import show_dashboard
from governance.ui import open_pages

open_pages.LOOK_EVERY_S = 1
show_dashboard()
