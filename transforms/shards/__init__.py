"""What is written: shards, ledgers, and the manifest that commits them."""
