"""One SQLAlchemy Core implementation of the store; what only one database can do is a dialect."""

from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.store import SqlStore

__all__ = ["Dialect", "SqlStore"]
