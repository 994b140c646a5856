"""Addresses: parsed once as browsers do, unwrapped offline, and rid of parameters, in text that stays as written."""
