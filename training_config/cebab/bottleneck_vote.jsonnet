// As bottleneck, with the rating of one reader per review: what a majority of them says is further from the middle than
// what they say on average.
(import 'bottleneck.jsonnet') + { dataset_reader+: { no_majority:: null, votes: 'one' } }
