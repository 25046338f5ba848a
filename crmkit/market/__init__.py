"""The market: competitors, their promotions, trends of buying, and word of mouth."""

from crmkit.market.namespace import Market

__all__ = ["Market"]
