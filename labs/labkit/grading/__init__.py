"""What a teaching assistant does with submissions. `grade` is the door: the command line and the console both use it."""
