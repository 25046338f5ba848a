"""How the shop's tables came to be, crmkit's among them."""
