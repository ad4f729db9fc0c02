"""`durable qualify`: whether this installation is what was released, and does what is required.

Installation (the libraries and the code are those of the lock file and of the release), operation
(each requirement with the tests that hold it, run here), performance (the demo study gives the
results it is known to give). As GAMP 5 (ISPE, 2nd edition 2022) and the FDA's guidance on computer
software assurance (2022) ask of the user of a configured product; docs/qualification.md.
"""
