"""Counts for people: outcomes, the last two weeks, today and tomorrow, what is stuck."""
