"""What the vendors' lists show beside what is stored; rows that differ are to be read again."""
