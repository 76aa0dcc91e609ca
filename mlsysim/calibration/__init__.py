"""Published measurements against the simulator: cases, predictions with ranges, and what of both is fitted."""
