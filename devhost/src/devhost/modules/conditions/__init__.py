"""Conditions: whether a module is shown to this person in this place.

``evaluate.conditions_hold`` answers for a module and a place, ``inline`` for the
variables of a URL, and ``switches`` holds a developer's decisions: feature flags, and
the conditions that this host cannot evaluate. The list of conditions and the checks at
install are in ``devhost.descriptor``.

https://developer.atlassian.com/cloud/confluence/conditions/
"""
