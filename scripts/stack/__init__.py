"""Starts, watches and stops every part of the system as a process of its own."""
