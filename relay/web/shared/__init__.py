"""What both apps are made of: access, sessions, headers, problems, pages, ranges. Nothing of either side."""
