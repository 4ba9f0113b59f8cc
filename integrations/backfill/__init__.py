"""The first import: visits that were booked before Kept came."""
