"""What a class works on: worksheets, variants, keys and their marking."""
