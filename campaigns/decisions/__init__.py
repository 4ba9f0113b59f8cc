"""Steps 4 and 5: gather what is known of a visit, decide, and record what the decision says.

`look.look` is one look; `snapshot.build` and `practice_snapshot` gather, for previews as well.
"""
