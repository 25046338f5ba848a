"""HubSpot CRM: v3 objects and properties, v4 associations, OAuth, webhooks, and the dated paths.

Wire: https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts and its
neighbours; the same bodies are served under ``/crm/objects/2026-03/...``.
"""

from crmkit.testing.simulators.hubspot.answers import failure, too_many
from crmkit.testing.simulators.hubspot.properties import Property, standard
from crmkit.testing.simulators.hubspot.server import HubSpot

__all__ = ["HubSpot", "Property", "failure", "standard", "too_many"]
