"""`durable new`: the folder of a new study."""
