"""Who runs the trials of a study: processes, how they share it, what becomes of them.

Trials are handed out one at a time and noted with their owner, so that whoever dies
is noticed and what he ran is begun anew.
"""
