"""Renderings of an evidence bundle for people: report.html and report.pdf, both in Chinese and English.

A rendering is never authoritative: what counts is the bundle, and a verifier reads nothing here.
"""
