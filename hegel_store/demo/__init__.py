"""A genuine training loop on input that every machine has.

The docstrings of the installed Python's standard library become facts; sentences held back from
them, without the name of what they describe, become questions. A loop evolves the profile by
which a worker searches and a reviewer objects, and its gain is measured on questions it never saw.

::

    corpus      docstrings, read without importing what they belong to
    questions   facts and questions, split by object
    memory      the facts' way into the store
    reviewer    evidence and objections
    genes       what a profile holds, mutation and crossover
    agent       worker and reviewer answer under a profile
    trials      answers to many questions, and the step log
    evolve      the loop
    report      the difference with its interval, as a table
    run         all of it
"""
