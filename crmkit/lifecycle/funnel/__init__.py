"""The sales funnel: opportunities, where they leak, and what they are expected to bring."""

from crmkit.lifecycle.funnel.namespace import Funnel

__all__ = ["Funnel"]
