"""纷享销客 (Fxiaoke, ShareCRM) for crmkit: its records kept in step with ours."""
