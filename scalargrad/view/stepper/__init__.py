"""Both passes in a notebook, node by node, with inputs to edit."""
