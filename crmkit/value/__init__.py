"""The value score: exact, explained, O(1) a touchpoint.

``layout`` compiles a model, ``fold`` adds touchpoints to a customer's state, ``measure`` turns a
state into points; ``scoring``, ``explain``, ``movers`` and ``ranking`` answer the questions.
"""
