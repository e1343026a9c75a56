"""What experiments share, each in a file of its own.

``catalogue``        which experiments there are, and where
``running``          run and record one (`course run ID`)
``seeds``            the loop over seeds: resumed and on all cores when it is recorded
``verifying``        run a recorded experiment again and compare (`course verify`)
``dependencies``     what a result depends on, hashed by name (`course stale`)
``source_code``      modules, names and definitions of a package, without importing it
``reports``          what the commands print
``machine``          processor, BLAS and versions, as a record names them
``statistics``       rates, medians and intervals over seeds
``solving``          train until nearly all answers are right, or time is up
``numpy_models``     a recurrent layer with a readout in NumPy
``torch_models``     the same in PyTorch
``language_models``  character models: train, measure, write
``gate_bias``        the bias of one gate, set in NumPy and in PyTorch
``cue_nets``         networks that learn the cue task, by gap
``adding_nets``      networks that learn the adding problem
``side_by_side``     many small nets at once, or one after the other
``ablation``         gates held at a value, states not passed on
``probing``          what single cells say about the text that they have read
``timed_cases``      one network of a size, and the ways to take a training step with it
``variant_effects``  what a variant was seen to matter for, from the records
"""
