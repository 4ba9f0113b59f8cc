"""Directed schedules: one function per race, which returns what the vendors' books show wrong.

An empty list means that the books are as they should be. Each is run as the product is, and with
the safeguard removed that it is there to catch (tests/chaos/without.py).
"""
