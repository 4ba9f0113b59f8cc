"""Step 3: what was read of a vendor, or told by one, becomes rows, and makes looks due.

`chart` takes in visits, patients and past visits, `events` what Relatient reports.
"""
