"""The tested code behind *Unrolled*, a course from the unrolled recurrent network to attention.

Rooms, lowest first (each imports only from those before it):

``shapes``       names the axis that is wrong
``equations``    equation lines -> LaTeX, an oracle, the edges of the diagram
``spec, specs``  every recurrent cell as facts: equations, gates, states, source
``compiled``     the equations as machine code, and printed in five languages
``numpy_nn``     every cell as readable NumPy, with its backward pass
``torch_nn``     the same cells as one PyTorch layer, ``Recurrent``
``tasks``        data to learn from: frozen configurations with ``sample(rng, n)``
``figures``      arrays in, pictures out
``training``     one plain loop
``experiments``  one file per experiment; ``ledger`` keeps what they found
``grading``      exercises that grade themselves; ``cli`` is the command ``course``

Importing this package imports nothing else: import the room you need.
"""

__version__ = "0.1.0"
