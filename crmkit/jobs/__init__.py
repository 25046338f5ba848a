"""The work that a CRM does by itself: what jobs there are, when each is due, and doing one."""
