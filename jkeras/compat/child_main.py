"""The main module of a child process: becomes the script of its parent."""

from jkeras.compat.child import take_up

if __name__ == "__mp_main__":
    take_up(globals())
