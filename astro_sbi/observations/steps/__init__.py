"""Steps of a preparation, one a file: from an observation as read to one that a simulator can explain."""
