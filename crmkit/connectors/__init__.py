"""The connectors of the core, offered through the same record as a plugin's."""
