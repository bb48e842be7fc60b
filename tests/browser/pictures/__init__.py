"""The pictures of the user guide (docs/ru/images), taken anew from the running service: `make screenshots`.

`story` the people and their screens; every other file the pictures of one chapter, a function a picture, which waits
for what it shows; `__main__` their order: one story, from the first call to the audit.
"""
