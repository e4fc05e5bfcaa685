"""Macros: what apps bring into the bodies of pages.

* ``definitions``   what an app declares about its macros
* ``on_page``       a macro as it stands on a page, with parameters and body
* ``storage``       writing and replacing macros in storage format
* ``rendering``     the macros in the bodies of one content
* ``static_call``, ``static_output``  asking an app for a static macro
* ``response_cache``, ``static_macros``  what a site caches of the answers
* ``sample_page``   a page with the macros of one app

What is shown in place of a macro that cannot be shown is in ``devhost.wiki``.

https://developer.atlassian.com/cloud/confluence/modules/dynamic-content-macro/ and
https://developer.atlassian.com/cloud/confluence/modules/static-content-macro/
"""
