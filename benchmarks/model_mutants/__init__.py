"""Mutants of harness/model: does a recorded trace notice each of them?"""
