"""Files broken at random, to see that a reader never ends in anything but an observation or a sentence."""
