"""The dashboard: pages that read a published snapshot and nothing else."""
