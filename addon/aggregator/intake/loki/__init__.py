"""Loki's push API, as JSON and as protobuf."""
