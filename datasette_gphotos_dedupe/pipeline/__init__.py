"""Joins the steps: sync -> fingerprint -> match -> group. No SQL, no HTTP."""
