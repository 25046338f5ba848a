"""The tests of crmkit; plugins bring their own."""
