"""What the pages read: rows of several tables, brought together for one screen."""
