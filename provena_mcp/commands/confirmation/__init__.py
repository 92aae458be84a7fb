"""From a prepared change to one that is sent: previews, consent, submission."""
