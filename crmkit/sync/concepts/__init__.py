"""What of ours goes over: each concept read, found, and written here as a CRM says it."""
