"""The tested code behind *Unrolled*, a course from the unrolled recurrent network to attention.

Rooms, lowest first (each imports only from those before it):

===============  ================================================================================
``errors``       the errors that ``course`` prints as one line;  ``files``: written whole or not
``shapes``       names the axis that is wrong
``counting``     what a computation does, counted;  ``timing``: how long, in ratios
``kernels``      a stand-in for Triton, that kernels can be written without a GPU
``equations``    equation lines -> LaTeX, an oracle, the edges of the diagram
``spec, specs``  every recurrent cell as facts: equations, gates, states, source
``conventions``  who writes the same network how, and converters
``compiled``     the equations as machine code, and printed in five languages
``numpy_nn``     every cell as readable NumPy, with its backward pass
``torch_nn``     the same cells as one PyTorch layer, ``Recurrent``
``tasks``        data to learn from: frozen configurations with ``sample(rng, n)``
``figures``      arrays in, pictures out
``training``     one plain loop
``ledger``       what the book claims, and what was recorded
``lab``          what experiments share;  ``experiments``: one file for each
``distributed``  a language model trained by several processes, stopped and resumed
``grading``      exercises that grade themselves;  ``cli``: the command ``course``
===============  ================================================================================

Importing this package imports nothing else: import the room you need.
"""

__version__ = "0.1.0"
