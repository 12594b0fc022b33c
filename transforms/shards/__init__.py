"""The files of a corpus: shards and ledgers, written and read again."""
