"""The paper's distortions of a container that stays a file: noise and JPEG (section 4.1).

``level`` says how much, in the words of the command line and as the four numbers that a model
of pictures is conditioned on; ``simulated`` distorts batches for training, with gradients.
"""
