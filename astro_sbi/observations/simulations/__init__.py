"""Tables of simulations that users bring, parameters beside what they made, and observations of the same numbers."""
