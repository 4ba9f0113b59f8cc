"""Long-lived processes kept running by another: none left behind, none hanging for long."""
