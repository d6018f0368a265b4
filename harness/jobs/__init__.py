"""One module a job: what the commands do, without a word of how it is shown.

The only place where the oracle (L1) and the effects (L3) meet.
"""
