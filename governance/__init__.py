"""Grid-risk dashboard for city governance: incidents joined with grids, hazard tiers, overdue cases."""
