"""A crmkit runner on Procrastinate, the task queue that lives in PostgreSQL."""
