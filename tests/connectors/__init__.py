"""The connectors of the core, and what all connectors need."""
