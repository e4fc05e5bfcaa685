"""Modules of apps: where they are shown, to whom, and at which URL.

* ``module``        the modules of the installed apps, static and dynamic alike
* ``locations``     the places of Confluence's pages that a module can name
* ``places``        where a module is shown, and what the app learns about that place
* ``conditions``    whether a person sees a module there
* ``macros``        the modules in the bodies of pages
* ``iframes``, ``url_variables``  the URL of a module, with its variables filled in
* ``blueprints``    pages from the templates that apps bring
* ``content_properties``  the property values that apps index for CQL
"""
