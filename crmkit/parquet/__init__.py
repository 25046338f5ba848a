"""Both logs as Parquet files, by month: for questions that are asked of everything at once."""

from crmkit.parquet.exporting import export_log

__all__ = ["export_log"]
