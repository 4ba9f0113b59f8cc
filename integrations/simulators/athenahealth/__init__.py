"""athenahealth's v1 API as far as a reminder product meets it.

Sources: athenahealth's documentation pages, descriptions in clients generated from its published
specification, and responses recorded on the preview sandbox (practice 195900). What could not be
confirmed has a switch.
"""
