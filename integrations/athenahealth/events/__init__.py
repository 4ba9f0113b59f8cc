"""athenahealth's events: topics, one event, and the subscriptions by which they come."""
