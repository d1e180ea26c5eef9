"""The dataflow. In: paths of films and settings; out: poster images, manifests and what the command line says.
Its packages lie on floors, drawn in ARCHITECTURE.md: each imports only what stands below it."""
