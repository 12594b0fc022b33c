"""Kernels over the bytes of bundles: documents, paragraphs, and their offsets in other encodings."""
