"""Elasticsearch's bulk API, as far as senders of logs use it."""
