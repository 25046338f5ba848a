"""DingTalk for crmkit: alerts to a group of colleagues, and what they write to its robot."""
