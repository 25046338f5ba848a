"""Salesforce for crmkit: customers, activities and opportunities in step, both ways."""
