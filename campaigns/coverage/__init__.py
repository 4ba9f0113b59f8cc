"""The coverage page: how many visits ahead get reminders, by type and reason, and the holes."""
