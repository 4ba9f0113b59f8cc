"""A practice's access to a vendor: find, pause, resume; the circuit breaker; status in words."""
