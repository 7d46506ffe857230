"""A synthetic Ningbo with known truth, to see and test everything without real data."""

from governance.demo.city import make_city

__all__ = ["make_city"]
