"""The styles of pictures: each makes a Scene of a Graph and a Look."""
