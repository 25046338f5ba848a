"""Tryton, the free ERP, for crmkit: customers kept in step over JSON-RPC."""
