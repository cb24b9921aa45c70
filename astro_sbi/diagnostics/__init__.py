"""Whether to believe a posterior: arrays in, small frozen results out."""
