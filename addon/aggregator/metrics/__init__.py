"""Collects, receives and keeps metrics, and publishes them for Prometheus."""
