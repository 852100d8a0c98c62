"""How old a face looks, and how sure one can be."""

__version__ = "0.1.0"
