"""A small ingestor service: Home Assistant's state changes into a database that speaks InfluxDB v2."""
