"""Juvenile dermatomyositis: everything in the package that is about this one disease."""
