"""Pages for the browser: the wiki, the apps' modules on it, and our own tools.

* ``views``, ``content_page``, ``create_page``, ``editing``, ``space_tools``,
  ``access_rules``  the pages of the wiki and its settings
* ``chrome``        what all of them share
* ``placement``, ``spots``, ``links``, ``custom_content``, ``page_macros``,
  ``shortcuts``, ``dialog_settings``  the modules of the apps on them
* ``bridge``, ``editor_api``  the endpoints of the scripts on these pages
* ``tools``         the desk, the inspector and the other pages below ``/devhost``
"""
