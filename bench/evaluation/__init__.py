"""What `make evaluate` is made of; bench/evaluate is the program."""
