"""Kernels over the bytes of bundles: documents and their paragraphs, and where they stand in other encodings."""
