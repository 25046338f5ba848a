"""What the core offers at ``crmkit_channels``."""

from __future__ import annotations

from crmkit.contracts.specs import ChannelSpec

BUILT_IN: tuple[ChannelSpec, ...] = ()
