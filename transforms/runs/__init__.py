"""Runs of an output folder: their files, manifests and order."""
