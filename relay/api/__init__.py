"""The JSON APIs of both apps (`/api/v1`): parse, call one service function, answer."""
