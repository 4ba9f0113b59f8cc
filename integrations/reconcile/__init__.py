"""Reconciliation: athenahealth, Kept and Relatient are compared for some dates.

It repairs only by taking in what is read and by making looks due. `progress` is where a comparison
stands, `steps` goes on with it, `chart_side` and `engagement_side` are the two sides, `nightly` and
operations/reconcile_now.py are who asks for it.
"""
