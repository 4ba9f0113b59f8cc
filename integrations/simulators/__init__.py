"""Both vendors, simulated over real HTTP on one port, for tests and for the demonstration.

server.py        the thread with the socket        scenarios.py   which world to start with
application.py   prefix -> vendor, faults          world.py       the seeded clinic; cast.py
simulation.py    all state, one lock               life.py        patients answer, the desk works
control.py       /_sim/, what a test may do        switches.py    what a test may set

athenahealth/    the real v1 API, as documented and recorded
relatient/       the assumed OpenAPI contract

Nothing here imports Django or any part of the product: the simulators know the contracts, not the
clients that they test.
"""
