"""Zoho CRM's REST interface, version 8, as far as a sync needs it.

Wire: github.com/zoho/crm-oas, v8.0. The tests of `crmkit-zoho` run Zoho's own SDK against it.
"""

from crmkit.testing.simulators.zoho.columns import Column, modules
from crmkit.testing.simulators.zoho.server import Zoho

__all__ = ["Column", "Zoho", "modules"]
