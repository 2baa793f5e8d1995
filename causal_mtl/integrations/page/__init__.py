"""``causal-mtl serve``: a page on loopback to correct labels by hand and see what follows (docs/page.md).

This file imports nothing: starlette and uvicorn belong to the extra ``page``, and only `server` and `app` need them.
"""
