"""What replicas share: sealed values in a file, or in Redis or Valkey."""
