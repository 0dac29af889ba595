"""What an agreement says and what follows from it: plain values in, plain values out, the same answer on every machine for ever."""
