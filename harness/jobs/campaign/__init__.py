"""Campaigns: programs by the hundred thousand, each checked, until the time is up.

``plan`` says which programs come next, ``worker`` (a process of its own) generates, runs and
checks them, ``journal`` keeps what is known, ``inquiry`` looks into what differs, ``run`` has
all of it do its part.
"""
