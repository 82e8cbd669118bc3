"""Program text (.sg): what a board says, read into nodes and written from them."""
