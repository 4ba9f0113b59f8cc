"""What one run of something long saw and did, and how far it has come."""
