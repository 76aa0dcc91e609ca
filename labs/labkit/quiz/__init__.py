"""Ten questions before and after a course: the questions, their keys, and what a class has learnt between."""
