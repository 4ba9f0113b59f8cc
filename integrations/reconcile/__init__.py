"""Reconciliation: athenahealth, Kept and Relatient are compared for some dates.

It repairs only by taking in what is read and by looking again. `round` is where a comparison
stands, `steps` goes on with it, `chart` and `reminders` are the two sides, `nightly` and
`foreground` are who asks for it.
"""
