"""Who, when, why: the history of the analyses of a study, signatures, and what verifies both."""
