"""WeCom (企业微信) for crmkit: messages to customers, and alerts to colleagues."""
