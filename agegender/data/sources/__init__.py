"""The data sets that can be read, one module each."""
