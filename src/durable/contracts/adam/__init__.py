"""The ADaM datasets, a module each: type, label and rule of every variable, and its origin."""
