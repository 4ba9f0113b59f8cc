"""What vendors send by themselves: the one endpoint, and the body of what was posted."""
