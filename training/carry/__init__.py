"""A folder that trains on a bare machine: photographs made small, wheels, and how to start.

Photographs and this installation go in; out comes a folder that is copied to a machine with
Python and torch and nothing else, where `sh start.sh RUN --config NAME --minutes M` trains.
"""
