"""How the desk calls: whom and where, who is calling now, how it went, and taking that back."""
