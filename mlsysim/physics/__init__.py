"""One equation per function: floats or arrays in, the same out; SI units; no state."""
