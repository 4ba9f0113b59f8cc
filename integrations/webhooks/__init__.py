"""What vendors send by themselves: the one door, the body, the signature, the events."""
