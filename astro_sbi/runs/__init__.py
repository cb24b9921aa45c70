"""Settings, keys, bundles, jobs: everything that is kept."""
