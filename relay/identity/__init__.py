"""Who somebody is: accounts, invitations, sessions, the roster and the keys that may be trusted."""
