"""Discrete events: what happens when requests arrive at random. Seeded, so that it happens again."""
