"""Folding: what a paragraph reads as when it is compared."""
