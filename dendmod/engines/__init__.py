"""Engines that run specifications."""
