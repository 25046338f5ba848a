"""Where the data lives: ``memory://`` and ``sqlite:///file.db`` come with the core.

Nothing here imports SQLAlchemy until a SQL store is opened.
"""

from crmkit.stores.opening import BUILT_IN, address, find_store, open_store, scheme

__all__ = ["BUILT_IN", "address", "find_store", "open_store", "scheme"]
