"""Filters: documents that a function leaves out whole, before anything is compared."""
