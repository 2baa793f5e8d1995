"""``causal-mtl serve``: a page on loopback to correct labels by hand and see what follows (docs/page.md).

Starlette and uvicorn belong to the extra ``page``; this file imports nothing.
"""
