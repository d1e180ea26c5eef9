"""When the film ends. In: candidates, people, the bars; out: filters and scores for each candidate, and the chosen ten,
checked on their pixels, with the reasons for people to read."""
