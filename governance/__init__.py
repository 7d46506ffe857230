"""Grid-risk dashboard for city governance: incidents joined with grids, hazard tiers, overdue cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from governance.city import City, open_city

__all__ = ["City", "open_city"]


def __getattr__(name: str) -> Any:
    """Load the analyst's names when they are asked for, so that `python -m governance --help` answers at once."""
    if name in __all__:
        from governance import city  # noqa: PLC0415

        return getattr(city, name)
    raise AttributeError(f"module 'governance' has no attribute {name!r}")
