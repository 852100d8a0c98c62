"""Side-by-side measurements; `python -m benchmarks` runs all and prints tables."""
