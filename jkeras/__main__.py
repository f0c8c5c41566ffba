"""``python -m jkeras``: run scripts of any Keras, look at the machine and at model files."""

import argparse
import os
import sys

COMMANDS = ("run", "port", "doctor", "convert", "inspect")


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status, which is 0 where all went well."""
    parser = argparse.ArgumentParser(prog="python -m jkeras", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a script, module or notebook that was written for Keras")
    run.add_argument("--era", help='whose defaults hold: "1", "2.2", "tf2" or "3"; inferred from the script without it')
    run.add_argument("-m", dest="module", action="store_true", help="the script is the name of a module")
    run.add_argument("script", help="a script or notebook, or - for the standard input")
    run.add_argument("args", nargs=argparse.REMAINDER, help="what the script finds in sys.argv")
    port = commands.add_parser(
        "port", help="print a script with its old argument names and modules in today's spelling"
    )
    port.add_argument("script")
    commands.add_parser("doctor", help="print versions, devices, caches and shadowed packages")
    convert = commands.add_parser("convert", help="write a model file in another format")
    convert.add_argument("source")
    convert.add_argument("target")
    look = commands.add_parser("inspect", help="print what a model file holds")
    look.add_argument("file")
    argv = sys.argv[1:] if argv is None else argv
    head = _up_to_script(argv)
    given = parser.parse_args(argv[:head])
    if given.command == "run":
        given.args = argv[head:]

    from .compat import commands as does

    try:
        if given.command == "run":
            return does.run(given.script, given.args, given.era, given.module)
        return getattr(does, given.command)(*[v for k, v in vars(given).items() if k != "command"])
    except does.Refused as error:
        print(f"jkeras {given.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _up_to_script(argv: list[str]) -> int:
    """How many words there are up to the script that is to run; what follows is the script's alone."""
    if argv[:1] != ["run"]:
        return len(argv)
    at = 1
    while at < len(argv) and argv[at].startswith("-") and argv[at] != "-":
        at += 2 if argv[at] == "--era" else 1
    return at + 1


if __name__ == "__main__":
    sys.exit(main())
