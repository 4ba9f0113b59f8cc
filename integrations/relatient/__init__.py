"""Relatient, behind an ASSUMED contract.

Relatient publishes no API documentation. The contract spoken here is an assumption, shaped after
the closest vendors that publish theirs and after what the workflow needs: a patient look-up that
answers 404, a campaign library, enrollments with one primary provider, and events for what a
patient answered. A practice that holds the vendor's real documents changes this package and
nothing else:

    auth.py       how a request proves who sends it
    schemas.py    the fields that are read of an answer; all others are ignored
    client.py     one method per endpoint
    error_mapping.py    what each kind of failure means
    translate.py  Kept's words to Relatient's JSON and back (pure)
    gateway.py    what campaigns ask for (campaigns/ports.py: EngagementGateway)
    feed.py       the event feed, the campaign library, and the check of the credentials
"""
