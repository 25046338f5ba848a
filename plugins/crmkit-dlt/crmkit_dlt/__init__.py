"""A dlt destination: the rows of any dlt source become touchpoints and customers of crmkit."""

from crmkit_dlt.opening import destination
from crmkit_dlt.report import LoadReport, TableReport
from crmkit_dlt.tables import Customers, Ignored, Touchpoints, UnmappedTableError

__all__ = [
    "Customers",
    "Ignored",
    "LoadReport",
    "TableReport",
    "Touchpoints",
    "UnmappedTableError",
    "destination",
]
