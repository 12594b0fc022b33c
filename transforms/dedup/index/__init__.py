"""The index that later runs deduplicate against: the sets of the kept paragraphs of earlier runs, and their places."""
