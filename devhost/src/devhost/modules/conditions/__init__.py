"""Conditions: whether a module is shown to this person in this place.

``evaluate.conditions_hold`` answers for a module and a place, ``inline`` answers
for the variables of a URL, and ``switches`` holds what a developer decides:
feature flags, and the conditions that this host cannot judge. Which conditions
there are, and what is refused at install, is in ``devhost.descriptor``.

https://developer.atlassian.com/cloud/confluence/conditions/
"""
