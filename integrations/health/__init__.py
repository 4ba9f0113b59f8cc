"""How Kept reports on itself: heartbeats, readiness, metrics, and words for a page."""
