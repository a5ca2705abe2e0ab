"""The canonical log record: its fields, and how senders' fields become it."""
