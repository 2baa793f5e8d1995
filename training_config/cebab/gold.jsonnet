// Gold aspects are handed to the rating in training, the likeliest ones where an aspect is not annotated.
(import '../base/cebab.libsonnet') + (import '../base/models/hmtl_lt.libsonnet')
