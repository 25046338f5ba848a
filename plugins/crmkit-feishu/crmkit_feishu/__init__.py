"""Feishu and Lark for crmkit: alerts to a group of colleagues."""
