"""Kernels of deduplication: from text to shingles, from shingles to ordered sets, from sets to verdicts."""
