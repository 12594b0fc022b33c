"""Farasa's segmentation of Arabic words."""
