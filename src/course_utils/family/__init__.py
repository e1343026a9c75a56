"""What cells have in common, read off their equations: traits, and how far one is from another.

===========  ======================================================================
``traits``   what is gated, what is linear along time, what can be scanned
``kinship``  the distance between two cells, the nearest relative, the lines between
===========  ======================================================================
"""
