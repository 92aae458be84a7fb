"""The lineage questions: gathered hop by hop, answered page by page."""
