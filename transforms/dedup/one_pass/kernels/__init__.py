"""Kernels of the one-pass join."""
