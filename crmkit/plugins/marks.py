"""The two marks: ``hookimpl`` for plugin authors, ``hookspec`` for the hooks themselves."""

from __future__ import annotations

import pluggy

PROJECT = "crmkit"
GROUP = "crmkit"
"""Entry-point group that plugins are found under."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
