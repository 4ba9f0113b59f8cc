"""athenahealth, by its real contract: the only package that knows how it spells anything.

`gateway` is what campaigns ask for, `feed` what is pulled, `webhook` what comes by itself.
"""
