// Mentions as labelled spans, which may nest and overlap, in place of flat tags.
{
  model+: {
    tasks: [
      { type: 'span_classification', name: 'entities' },
      { type: 'relation_extraction', name: 'relations', mentions: 'entities' },
    ],
  },
}
