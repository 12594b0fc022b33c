"""What Rafid knows, a room per concern: bundles, language, dedup, segmentation, shards."""
