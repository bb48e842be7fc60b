"""The addresses of the pages, one file a subject; every route names who may use it by `web.access.allow`."""
