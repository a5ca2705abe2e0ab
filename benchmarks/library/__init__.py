"""What the library costs, and what it withstands."""
