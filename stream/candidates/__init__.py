"""When a shot closes. In: its pictures with their rows, then what the engines saw in its probes; out: the best one to
three as candidates, their pixels in a bounded pool, and what happens right beside them."""
