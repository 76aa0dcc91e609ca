"""Models as others describe them."""
