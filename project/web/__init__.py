"""What guards every request: addresses, content types, sessions, sign-in, the content policy."""
