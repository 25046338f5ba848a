"""Salesforce: OAuth, SOQL, describe, sObject rows and sObject Collections."""

from crmkit.testing.simulators.salesforce.fields import Column
from crmkit.testing.simulators.salesforce.outbound import outbound
from crmkit.testing.simulators.salesforce.server import Salesforce, limit_exceeded, unavailable

__all__ = ["Column", "Salesforce", "limit_exceeded", "outbound", "unavailable"]
