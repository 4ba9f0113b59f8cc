"""The decision, pure: no Django, no HTTP, no clock.

`decide.decide` makes a `decision.Decision` of a `snapshot.Snapshot`; `dry_run.dry_run` goes on as
if the vendors had accepted.
"""
