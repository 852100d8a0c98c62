"""How old a face looks, and how sure one can be."""

import os

# TensorFlow, where it is the backend, greets on standard error unless told not to
# before it loads; whoever set a level is obeyed.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"
