"""Reading the vendors' feeds: under a lease, with a window stored before, at a set pace."""
