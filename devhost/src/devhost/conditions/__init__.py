"""Conditions: whether a module is shown to this person in this place.

``names`` lists what Confluence knows, ``rules`` refuses anything else at install,
``evaluate.conditions_hold`` answers for a module and a place, ``inline`` answers
for the variables of a URL, and ``switches`` holds what a developer decides:
feature flags, and the conditions that this host cannot judge.

https://developer.atlassian.com/cloud/confluence/conditions/
"""
