"""Carries out interventions."""
