"""The first practice from the environment, and the vendors' reference data."""
