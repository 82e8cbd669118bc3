"""Program text where lectures are written: notebooks, Sphinx, Markdown decks."""
