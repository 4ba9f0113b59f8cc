"""Both vendors, simulated over real HTTP on one port, for tests and for the demonstration.

server.py        the thread with the socket        scenarios.py   which world to start with
application.py   prefix -> vendor, faults          world.py       the seeded clinic; cast.py
simulation.py    all state, one lock               life.py        patients answer, the desk works
control.py       /_sim/, what a test may do        switches.py    what a test may set
faults.py        failures on order; storm.py       postbox.py     webhooks to send; sending.py
ledger.py        what changed at both, and when    observer.py    reads it from another process

athenahealth/    the real v1 API, as documented and recorded
relatient/       the assumed OpenAPI contract

Nothing here imports Django or any part of the product: the simulators know the contracts, not the
clients that they test.
"""
