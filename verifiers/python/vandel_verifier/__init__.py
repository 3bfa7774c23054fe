"""A verifier of Vandel ledgers, written from docs/format.md alone. It shares no code with the ledger."""
