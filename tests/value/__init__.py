"""Tests of the value score: examples, laws, and a recomputation from raw facts."""
