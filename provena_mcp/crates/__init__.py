"""What others wrote down about runs: RO-Crates, OpenLineage events and PROV documents, read into one form."""
