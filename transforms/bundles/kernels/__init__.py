"""Kernels over the bytes of bundles: lines, delimiters, documents, paragraphs, and offsets in other encodings."""
