"""What a teaching assistant does with submissions: one grader, behind the command line and behind the console."""
