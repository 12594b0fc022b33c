"""Exact near-duplicate removal: fold, shingle, order, join."""
