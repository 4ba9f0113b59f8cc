"""Try a decision: what would become of a booked or a described visit. Nothing is written."""
