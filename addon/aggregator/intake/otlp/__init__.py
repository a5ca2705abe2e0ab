"""OpenTelemetry's protocol over HTTP, as far as it carries logs.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""
