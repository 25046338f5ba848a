"""What a plugin implements: the contracts of stores, channels, connectors and runners."""
