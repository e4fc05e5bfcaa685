"""What a browser sees: the wiki, the apps' modules on it, and the desk."""
