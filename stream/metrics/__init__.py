"""What programs that watch Keyart are told, in Prometheus' form; the README of this folder lists it. In: what happens
and what is counted elsewhere; out: answers on a port, and a file for node_exporter. Knows nothing of who counts.

Series whose labels are known begin at 0. No path and no id is a label, so their number does not grow with the films.
Needs prometheus-client (extra `library`), which nothing imports before metrics are made.
"""
