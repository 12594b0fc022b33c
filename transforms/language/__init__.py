"""The language room: tells the language of each document and leaves out those that are not kept."""
