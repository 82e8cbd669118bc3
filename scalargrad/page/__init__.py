"""The page that runs scalargrad in a browser: nothing to install, and no server."""
