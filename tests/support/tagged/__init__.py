"""Tiny files with a mark in one field each: every field that a phone, recorder, scanner or editor writes."""
