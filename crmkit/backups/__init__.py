"""Backups: one file that holds workspaces whole, checked when it is written and when it is read."""

from crmkit.backups.reading import read_backup
from crmkit.backups.restoring import restore
from crmkit.backups.writing import backup

__all__ = ["backup", "read_backup", "restore"]
