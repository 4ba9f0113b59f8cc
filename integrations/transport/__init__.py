"""HTTP: the one client, its deadline, rate limit, errors and log; signed notifications."""
