"""Hazard: expected reports of each grid and scenario, tiers, and reasons."""
