"""Templates of messages: found harmless before they are used, and filled in for one customer."""
