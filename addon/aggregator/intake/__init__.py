"""Takes lines from senders: a pure decoder and a thin route for each protocol."""
