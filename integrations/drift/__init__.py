"""What a vendor sends and no table of ours names: observed in a translation, stored, explained."""
