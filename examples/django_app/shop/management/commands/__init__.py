"""Commands that cron calls."""
