"""What we are told: sources, deliveries, indicators with every provenance, warning lists."""
