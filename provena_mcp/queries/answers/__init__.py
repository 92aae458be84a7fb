"""Questions no graph answers by itself: how related, what is touched, what differs, can it be repeated."""
