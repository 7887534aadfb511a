"""What other tools have really written, for the tests of the importers, and the scripts that wrote
it: they need those tools, and the tests do not."""
