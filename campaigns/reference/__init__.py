"""The practice's own lists: names by athenahealth's ids, and the reasons for a cancellation."""
