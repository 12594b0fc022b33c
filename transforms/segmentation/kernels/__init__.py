"""Kernels of segmentation: word forms as keys, templates, the ranking, and whole paragraphs."""
