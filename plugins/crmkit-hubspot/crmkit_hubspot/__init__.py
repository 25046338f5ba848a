"""HubSpot for crmkit: contacts, companies, deals, tickets and activities, kept in step."""
