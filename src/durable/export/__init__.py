"""What is handed over: a module a delivery, listed in `durable.deliveries`.

Each module holds ``write(analysis)``, which writes its files from the results of the analysis.
"""
