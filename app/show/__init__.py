"""Values in, a chart or a card out. Nothing here reads the store or the settings."""
