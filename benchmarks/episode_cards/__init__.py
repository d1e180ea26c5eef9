"""Pictures of cards that state an episode number, or something that only looks like one, made for measuring how far the
reading of a film's picture can be trusted; and the weights of that trust, fitted to such cards."""
