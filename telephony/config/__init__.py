"""What our Asterisk is to be: a plan (pure data), rendered into its configuration files.

`plan` says what there is to say, `check` refuses values that would change the meaning of a file, `render` makes the
files from the templates of `asterisk-config/`, `files` puts them into a folder and tells what to reload. Who starts
Asterisk, and who says "reload" to it, lives in workers.
"""
