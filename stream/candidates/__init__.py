"""From a closed shot to its candidates. In: the shot's pictures and rows, then the engines' readings of its probes.
Out: its best one to three pictures as candidates, their pixels in a bounded pool, the faces in neighbouring pictures.
"""
