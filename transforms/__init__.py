"""The knowledge of Rafid, a room per concern: bundles, language, segmentation, runs, dedup, shards, streaming."""
