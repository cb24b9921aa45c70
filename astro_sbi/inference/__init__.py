"""From simulations to a posterior: flows, training, sequential rounds, importance sampling."""
