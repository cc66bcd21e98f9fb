"""The commands of ``tieout``, a module a subject. Heavy libraries are imported inside the commands that need them."""
