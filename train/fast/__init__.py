"""What makes training fast and leaves its numbers as they are: each piece has a switch and a test against plain TRL.

packed_forward.py scores a batch without padding by the kernels of attention.py, for the models of known_models.py;
reference_cache.py keeps the reference's log-probabilities; balance.py re-orders pairs inside one optimiser step.
"""
