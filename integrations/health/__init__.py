"""How Kept says how it stands: heartbeats, readiness, metrics, words for a page."""
