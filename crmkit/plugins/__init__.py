"""Plugins: the hooks, and the typed manager that is the only one to call them."""

from crmkit.plugins.manager import PluginManager
from crmkit.plugins.marks import hookimpl

__all__ = ["PluginManager", "hookimpl"]
