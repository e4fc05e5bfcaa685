"""The site: its addresses and keys, its people, and what is stored of its apps."""
