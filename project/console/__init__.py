"""The console's frame: its site, menu, first page, and the pages of people."""
