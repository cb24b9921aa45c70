"""What was measured: types, readers per format, preparation."""
