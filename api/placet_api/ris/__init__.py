"""The workflow service of the contract, under `/v1` and `/RIS/v1`."""
