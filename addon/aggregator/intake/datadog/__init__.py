"""Datadog's intake of logs.

https://docs.datadoghq.com/api/latest/logs/#send-logs
"""
