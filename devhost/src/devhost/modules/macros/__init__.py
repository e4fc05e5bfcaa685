"""The macros that apps bring into the bodies of pages.

* ``definitions``   what an app declares of its macros
* ``on_page``       a macro as it stands on a page, with parameters and body
* ``storage``       writing and replacing macros in storage format
* ``rendering``     the macros in the bodies of one content
* ``static_call``, ``static_output``  asking an app for a static macro
* ``response_cache``, ``static_macros``  what a site keeps of that
* ``sample_page``   a page that carries the macros of one app

What stands in place of a macro that cannot be shown is in ``devhost.wiki``.

https://developer.atlassian.com/cloud/confluence/modules/dynamic-content-macro/ and
https://developer.atlassian.com/cloud/confluence/modules/static-content-macro/
"""
