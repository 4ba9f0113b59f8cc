"""What operators and the timer start: poll, collect, work, sync, tick, probe, restore."""
