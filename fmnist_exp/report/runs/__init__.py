"""Run directories to rows: what ran, what differs, what each network answered."""
