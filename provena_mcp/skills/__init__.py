"""What an assistant should know of working with Provena that schemas cannot say, as Agent Skills."""
