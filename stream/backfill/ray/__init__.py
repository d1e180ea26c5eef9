"""Workers on the nodes of a Ray cluster. Only `driver`, `door` and `relay`, which run in processes of their own, import
Ray: whatever becomes of it, the supervisor goes on.
"""
