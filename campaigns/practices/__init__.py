"""The practice itself: its settings, the roles, and which practice a page is about."""
