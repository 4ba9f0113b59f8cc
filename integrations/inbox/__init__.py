"""Messages as they came: stored raw, claimed under a lease, processed into campaigns."""
