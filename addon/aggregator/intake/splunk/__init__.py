"""Splunk's HTTP Event Collector.

https://docs.splunk.com/Documentation/Splunk/latest/Data/HECRESTendpoints
"""
