"""The choice at the end of a film. In: candidates, characters, bars. Out: the score of each candidate and the reasons
against it; the chosen ten, checked on their pixels; phrases that say why each was chosen."""
