"""What physics a file holds: light curves, spectra, velocities, photometry and Hubble diagrams out of tables and images."""
