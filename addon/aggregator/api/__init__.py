"""What people and Home Assistant talk to: HTTP and WebSocket routes."""
